import BlobSystem
import Testing

@Suite("Threads for calls that block")
struct BlockingPoolTests {
    /// Holds threads up until it is opened.
    private final class Gate: Sendable {
        private let state = Monitor(false)
        private let signal = Signal()
        func pass() { _ = state.wait(for: signal) { $0 ? true : nil } }
        func open() {
            state.withLock { $0 = true }
            for _ in 0..<64 { signal.wakeOne() }
            signal.wakeAll()
        }
    }

    private func done(_ outcome: BlockingOutcome<Int, Never>) -> Int? {
        if case .done(.success(let value)) = outcome { value } else { nil }
    }

    @Test("many jobs are each answered with their own result, on few threads")
    func manyJobs() async {
        let pool = BlockingPool(name: "test", limits: .init(threads: 3))
        let sum = await withTaskGroup(of: Int?.self) { group in
            for number in 0..<2_000 {
                group.addTask { done(await pool.run(deadline: .seconds(60)) { _ in number }) }
            }
            return await group.reduce(0) { $0 + ($1 ?? -1_000_000) }
        }
        #expect(sum == 1_999_000)
        await pool.close()
    }

    @Test("a caller whose job hangs is let go at the deadline, while others go on")
    func hangs() async {
        let pool = BlockingPool(name: "test", limits: .init(threads: 2))
        let gate = Gate()
        let outcome = await pool.run(deadline: .seconds(2)) { (_) -> Int in
            gate.pass()
            return 1
        }
        guard case .expired(hadBegun: true) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(done(await pool.run(deadline: .seconds(60)) { _ in 7 }) == 7)
        gate.open()
        await pool.close()
    }

    @Test("a job that is still queued at its deadline is never begun")
    func queuedTooLong() async {
        let pool = BlockingPool(name: "test", limits: .init(threads: 1))
        let gate = Gate()
        let hasRun = Monitor(false)
        await withTaskGroup { group in
            group.addTask { _ = await pool.run(deadline: nil) { _ in gate.pass() } as BlockingOutcome<Void, Never> }
            group.addTask {
                let holdsTheThread = await pool.run(deadline: .milliseconds(30)) { (_) -> Int in
                    gate.pass()
                    return 1
                }
                let outcome = await pool.run(deadline: .milliseconds(10)) { (_) -> Int in
                    hasRun.withLock { $0 = true }
                    return 1
                }
                for result in [holdsTheThread, outcome] {
                    guard case .expired = result else {
                        Issue.record("\(result)")
                        continue
                    }
                }
                gate.open()
            }
        }
        await pool.close()
        #expect(hasRun.withLock { $0 } == false)
    }

    @Test("a stuck job is told that its caller has gone")
    func isOver() async {
        let pool = BlockingPool(name: "test", limits: .init(threads: 1))
        let gate = Gate()
        let wasOver = Monitor<Bool?>(nil)
        // Long enough for a thread to begin it, however busy the machine is.
        _ =
            await pool.run(deadline: .seconds(2)) { deadline in
                gate.pass()
                wasOver.withLock { $0 = deadline.isOver }
            } as BlockingOutcome<Void, Never>
        gate.open()
        await pool.close()
        #expect(wasOver.withLock { $0 } == true)
    }

    @Test("a full queue refuses, and so does a closed pool")
    func refuses() async {
        let pool = BlockingPool(name: "test", limits: .init(threads: 1, queue: 1))
        let gate = Gate()
        let refused = Monitor(0)
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    let outcome: BlockingOutcome<Void, Never> = await pool.run(deadline: .seconds(60)) { _ in
                        gate.pass()
                    }
                    if case .refused(.queueFull) = outcome {
                        if refused.withLock({
                            $0 += 1; return $0
                        }) >= 6 {
                            gate.open()
                        }
                    }
                }
            }
        }
        #expect(refused.withLock { $0 } >= 6)
        await pool.close()
        guard case .refused(.closed) = await pool.run(deadline: nil, { _ in 1 }) as BlockingOutcome<Int, Never> else {
            Issue.record("a closed pool took a job")
            return
        }
    }

    @Test("closing lets what is queued end")
    func closing() async {
        let pool = BlockingPool(name: "test", limits: .init(threads: 1))
        let count = Monitor(0)
        for _ in 0..<100 {
            pool.start(deadline: .seconds(60)) { _ in
                count.withLock { $0 += 1 }
            } answer: { (_: BlockingOutcome<Void, Never>) in
            }
        }
        await pool.close()
        #expect(count.withLock { $0 } == 100)
    }
}
