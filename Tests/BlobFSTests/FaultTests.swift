import BlobFS
import BlobSystem
import ObjectStorage
import TestSupport
import Testing

@Suite("Whatever system call fails, the answer is true and the old state is kept")
struct FaultTests {
    static let errnos: [Errno] = [
        .inputOutput, .noSpace, .quotaExceeded, .interrupted, .stale, .badDescriptor, .accessDenied,
        .readOnlyFilesystem,
    ]

    /// Fails one call, told by its number.
    private final class Fault: Sendable {
        private let state: Monitor<(count: Int, isArmed: Bool)> = Monitor((0, false))
        let target: Int
        let errno: Errno

        init(_ target: Int, _ errno: Errno) {
            self.target = target
            self.errno = errno
        }

        var count: Int { state.withLock { $0.count } }
        func arm(_ isArmed: Bool) { state.withLock { $0.isArmed = isArmed } }

        func pass() throws(Errno) {
            let isDue = state.withLock { state in
                guard state.isArmed else { return false }
                state.count += 1
                return state.count - 1 == target
            }
            if isDue { throw errno }
        }
    }

    private enum Moment: CaseIterable { case before, after }

    /// - Returns: how many calls the operation made.
    private func run(_ scenario: Scenario, _ moment: Moment, _ fault: Fault) async throws -> Int {
        let folder = TemporaryFolder(in: "/dev/shm")
        let clean = try await folder.open()
        try await scenario.prepare(clean)
        var calls = InterceptedCalls()
        switch moment {
        case .before: calls.before = { (_) throws(Errno) in try fault.pass() }
        // The kernel loses no part of a listing; it would say so before the first name.
        case .after: calls.after = { (call) throws(Errno) in if call.name != "getdents64" { try fault.pass() } }
        }
        let faulty = try await folder.open(calls)
        fault.arm(true)
        let what = "call \(fault.target) of \"\(scenario.name)\" fails with \(fault.errno) (\(moment))"
        var failure: StoreError?
        do { try await scenario.act(faulty) } catch let error as StoreError { failure = error }
        fault.arm(false)
        try await judge(scenario, failure, clean, what)
        if failure != nil, try await !scenario.isNew(clean) {
            // Where a flush failed another process must go on: this one cannot trust a second one.
            do { try await scenario.act(faulty) } catch let error as StoreError where error.code == .outcomeUnknown {
                try await scenario.act(clean)
            }
        }
        #expect(try await scenario.isNew(clean), "again after \(what): \(failure.map { "\($0)" } ?? "success")")
        for try await page in clean.list(ListRequest()) {
            for case .foreign(let name, _) in page { Issue.record("\(name) was left behind when \(what)") }
        }
        await faulty.close()
        await clean.close()
        return fault.count
    }

    private func judge(_ scenario: Scenario, _ failure: StoreError?, _ clean: FileStorage, _ what: String) async throws
    {
        let (isOld, isNew) = (try await scenario.isOld(clean), try await scenario.isNew(clean))
        guard let failure else { return #expect(isNew, "success is a lie when \(what)") }
        #expect(isOld || isNew, "something between when \(what): \(failure)")
        if failure.code == .preconditionFailed { #expect(isOld, "who lost must not be seen when \(what)") }
    }

    @Test("one failing call, before it was made", arguments: Scenario.all)
    func failing(_ scenario: Scenario) async throws {
        try await failEachCall(of: scenario, .before)
    }

    @Test("one lost answer, after the call was made", arguments: Scenario.all)
    func lostAnswer(_ scenario: Scenario) async throws {
        try await failEachCall(of: scenario, .after)
    }

    private func failEachCall(of scenario: Scenario, _ moment: Moment) async throws {
        let count = try await run(scenario, moment, Fault(-1, .inputOutput))
        #expect(count > 0)
        let errnos = moment == .before ? Self.errnos : [.inputOutput, .interrupted, .stale, .badDescriptor]
        for target in 0..<count {
            for errno in errnos { _ = try await run(scenario, moment, Fault(target, errno)) }
        }
    }

    @Test("short reads and writes are carried on", arguments: Scenario.all)
    func short(_ scenario: Scenario) async throws {
        let folder = TemporaryFolder(in: "/dev/shm")
        var calls = InterceptedCalls()
        calls.maximumBytes = scenario.name.contains("large") ? 100_003 : 3
        let storage = try await folder.open(calls)
        try await scenario.prepare(storage)
        try await scenario.act(storage)
        #expect(try await scenario.isNew(storage))
        await storage.close()
    }
}
