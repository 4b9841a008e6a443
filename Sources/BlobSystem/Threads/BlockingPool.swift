internal import Synchronization

/// Threads of one root's own for calls that block, so that a hung mount stops neither another root nor Swift's
/// cooperative threads.
///
/// A job is answered through a continuation rather than run by a task executor: a task that is stuck in a system
/// call could not be resumed elsewhere, whereas a continuation lets the caller go when its deadline passes, while
/// the thread stays behind. (A hop costs 4 to 10 µs; so a job is a whole file operation, not a system call.)
///
/// *Bounds*: at most `threads` threads, started when there is work and gone after some idle seconds; at most
/// `queue` jobs waiting, beyond which a job is refused. A stuck thread counts until its call returns.
package final class BlockingPool: Sendable {
    package struct Limits: Sendable {
        package var threads: Int
        package var queue: Int
        package var idle: Duration

        package init(threads: Int = 32, queue: Int = 8_192, idle: Duration = .seconds(5)) {
            self.threads = max(threads, 1)
            self.queue = queue
            self.idle = idle
        }
    }

    private let workers: BlockingWorkers

    /// - Parameter name: shows up in lists of threads.
    package init(name: String, limits: Limits = Limits()) {
        workers = BlockingWorkers(name: name, limits: limits)
    }

    deinit { workers.close() }

    /// Runs `body` on a thread of the pool.
    /// - Parameter deadline: how long the caller waits, in the queue and for the body together; nil for ever.
    package func run<Value: Sendable, Failure: Error>(
        deadline: Duration?, _ body: @escaping @Sendable (any JobDeadline) throws(Failure) -> Value
    ) async -> BlockingOutcome<Value, Failure> {
        await withCheckedContinuation { continuation in
            start(deadline: deadline, body) { continuation.resume(returning: $0) }
        }
    }

    /// Runs `body` on a thread of the pool, and calls `answer` exactly once, on any thread; it must not block.
    package func start<Value: Sendable, Failure: Error>(
        deadline: Duration?, _ body: @escaping @Sendable (any JobDeadline) throws(Failure) -> Value,
        answer: @escaping @Sendable (BlockingOutcome<Value, Failure>) -> Void
    ) {
        let end = deadline.map { LinuxCalls().timeSinceBoot + $0 }
        workers.add(BlockingJob(deadline: end, body, answer: answer))
    }

    /// Takes no more jobs, lets those that it has run, and waits for its threads to leave.
    ///
    /// A thread that is stuck is waited for only so long; it leaves when its call returns.
    package func close(waitingAtMost time: Duration = .seconds(10)) async {
        let workers = workers
        workers.close()
        await withCheckedContinuation { continuation in
            let isWaiting = Thread.start(named: "blob-close") {
                workers.awaitThreads(atMost: time)
                continuation.resume()
            }
            if !isWaiting { continuation.resume() }
        }
    }
}

// MARK: - A job

/// How a blocking job ended, as its caller sees it.
package enum BlockingOutcome<Value: Sendable, Failure: Error>: Sendable {
    /// It ran to its end.
    case done(Result<Value, Failure>)
    /// Its deadline passed. When it had begun it may still be at work: what it does then is seen by nobody.
    case expired(hadBegun: Bool)
    /// It was never begun: the queue was full, no thread could be had, or the pool was closed.
    case refused(BlockingRefusal)
}

/// Why a pool took no job.
package enum BlockingRefusal: Sendable {
    case queueFull, noThread, closed
}

/// A job's view of the time that its caller gives it.
package protocol JobDeadline: Sendable {
    /// Whether it has passed, and the caller was told so. A job that was stuck asks before it goes on to
    /// change anything.
    var isOver: Bool { get }
}

/// One job: a body, and a caller who is answered exactly once, by whoever is first: the thread, the clock or the
/// pool.
final class BlockingJob<Value: Sendable, Failure: Error>: QueuedJob {
    typealias Outcome = BlockingOutcome<Value, Failure>
    typealias Answer = @Sendable (Outcome) -> Void
    private enum Stage {
        case waiting(Answer)
        case running(Answer)
        case answered
    }

    let deadline: Duration?
    private let stage: Mutex<Stage>
    private let body: @Sendable (any JobDeadline) throws(Failure) -> Value

    init(
        deadline: Duration?, _ body: @escaping @Sendable (any JobDeadline) throws(Failure) -> Value,
        answer: @escaping Answer
    ) {
        self.deadline = deadline
        self.body = body
        stage = Mutex(.waiting(answer))
    }

    var isOver: Bool {
        stage.withLock { if case .answered = $0 { true } else { false } }
    }

    func run() {
        let mayRun = stage.withLock { stage in
            guard case .waiting(let answer) = stage else { return false }
            stage = .running(answer)
            return true
        }
        guard mayRun else { return }
        do throws(Failure) {
            let value = try body(self)
            answer { _ in .done(.success(value)) }
        } catch {
            answer { _ in .done(.failure(error)) }
        }
    }

    func expire() { answer { .expired(hadBegun: $0) } }

    func refuse(_ refusal: BlockingRefusal) { answer { _ in .refused(refusal) } }

    private func answer(_ outcome: (_ hadBegun: Bool) -> Outcome) {
        let taken: (Answer, Bool)? = stage.withLock { stage in
            defer { stage = .answered }
            switch stage {
            case .waiting(let answer): return (answer, false)
            case .running(let answer): return (answer, true)
            case .answered: return nil
            }
        }
        if let (answer, hadBegun) = taken { answer(outcome(hadBegun)) }
    }
}

/// A job without its types, as the pool keeps it.
protocol QueuedJob: AnyObject, JobDeadline {
    /// When the caller waits no longer, as time since boot; nil for never.
    var deadline: Duration? { get }
    func run()
    func expire()
    func refuse(_ refusal: BlockingRefusal)
}

// MARK: - The threads

/// The threads of a pool and what they share. It outlives the pool by as long as a thread is stuck.
final class BlockingWorkers: Sendable {
    private struct State {
        var isClosed = false
        var queue = JobQueue()
        /// One signal for each idle thread; the last to fall idle is the first to be woken, so that the others
        /// get to leave.
        var idle: [Signal] = []
        var threadCount = 0
        var clock = DeadlineClock()
    }

    private enum Work {
        case job(any QueuedJob)
        case leave
    }

    private let name: String
    private let limits: BlockingPool.Limits
    private let state = Monitor(State())
    private let clockSignal = Signal()
    private let leftSignal = Signal()

    init(name: String, limits: BlockingPool.Limits) {
        self.name = name
        self.limits = limits
    }

    // MARK: Jobs

    func add(_ job: any QueuedJob) {
        enum Step { case none, wake(Signal), start, refuse(BlockingRefusal) }
        let (step, needsClock) = state.withLock { state -> (Step, Bool) in
            if state.isClosed { return (.refuse(.closed), false) }
            if state.queue.count >= limits.queue { return (.refuse(.queueFull), false) }
            state.queue.append(job)
            let needsClock = watch(job, &state)
            if let signal = state.idle.popLast() { return (.wake(signal), needsClock) }
            guard state.threadCount < limits.threads else { return (.none, needsClock) }
            state.threadCount += 1
            return (.start, needsClock)
        }
        if needsClock { startClock() }
        switch step {
        case .none: break
        case .wake(let signal): signal.wakeOne()
        case .start: startThread()
        case .refuse(let refusal): job.refuse(refusal)
        }
    }

    private func startThread() {
        if Thread.start(named: name, { [self] in work() }) { return }
        // Others will take the job, if there are others.
        let orphans = state.withLock { state -> [any QueuedJob] in
            state.threadCount -= 1
            return state.threadCount == 0 ? state.queue.removeAll() : []
        }
        for job in orphans { job.refuse(.noThread) }
    }

    private func work() {
        let signal = Signal()
        while case .job(let job) = nextWork(signal) {
            job.run()
            state.withLock { $0.clock.remove(job) }
        }
        leftSignal.wakeAll()
    }

    private func nextWork(_ signal: Signal) -> Work {
        var isListed = false
        let work = state.wait(for: signal, atMost: limits.idle) { state -> Work? in
            isListed = isListed && state.idle.contains { $0 === signal }
            if let job = state.queue.popFirst() {
                if isListed { state.idle.removeAll { $0 === signal } }
                return .job(job)
            }
            if state.isClosed {
                if isListed { state.idle.removeAll { $0 === signal } }
                state.threadCount -= 1
                return .leave
            }
            if !isListed { state.idle.append(signal) }
            isListed = true
            return nil
        }
        return work ?? leaveIdle(signal)
    }

    /// After an idle time without work; work may have come in the last moment.
    private func leaveIdle(_ signal: Signal) -> Work {
        state.withLock { state in
            state.idle.removeAll { $0 === signal }
            if let job = state.queue.popFirst() { return .job(job) }
            state.threadCount -= 1
            return .leave
        }
    }
}

// MARK: - Deadlines

extension BlockingWorkers {
    /// - Returns: whether the clock's thread must be started.
    private func watch(_ job: any QueuedJob, _ state: inout State) -> Bool {
        guard let deadline = job.deadline else { return false }
        if state.clock.add(job, deadline) { clockSignal.wakeOne() }
        if state.clock.isRunning { return false }
        state.clock.isRunning = true
        return true
    }

    private func startClock() {
        if Thread.start(named: name + "-clock", { [self] in keepTime() }) { return }
        state.withLock { $0.clock.isRunning = false }  // The next job tries again.
    }

    /// Sleeps until the earliest deadline that it knows of, and answers those who waited long enough. A job that
    /// ends in time costs it nothing but an entry in a table.
    private func keepTime() {
        while true {
            let now = LinuxCalls().timeSinceBoot
            let (late, pause) = state.withLock { state in
                let late = state.clock.takeLate(now)
                let pause = state.clock.pause(now)
                state.clock.isRunning = pause != nil
                return (late, pause)
            }
            for job in late { job.expire() }
            guard let pause else { return }
            _ = state.wait(for: clockSignal, atMost: pause) { state -> Bool? in
                state.clock.takeWakeUp() ? true : nil
            }
        }
    }
}

// MARK: - Closing

extension BlockingWorkers {
    /// The threads take what is queued, and leave.
    func close() {
        state.withLock { state in
            state.isClosed = true
            for signal in state.idle { signal.wakeOne() }
            state.clock.hurry()
        }
        clockSignal.wakeOne()
    }

    func awaitThreads(atMost time: Duration) {
        _ = state.wait(for: leftSignal, atMost: time) { $0.threadCount == 0 ? true : nil }
    }
}

// MARK: - What waits

/// Jobs in the order in which they came.
struct JobQueue {
    private var jobs: [(any QueuedJob)?] = []
    private var head = 0

    var count: Int { jobs.count - head }

    mutating func append(_ job: any QueuedJob) { jobs.append(job) }

    mutating func popFirst() -> (any QueuedJob)? {
        guard head < jobs.count else { return nil }
        let job = jobs[head]
        jobs[head] = nil
        head += 1
        if head == jobs.count || head > 1_024 {
            jobs.removeFirst(head)
            head = 0
        }
        return job
    }

    mutating func removeAll() -> [any QueuedJob] {
        defer { self = JobQueue() }
        return jobs[head...].compactMap { $0 }
    }
}

/// Which jobs must have been answered by when. Most jobs are long done when their time comes.
struct DeadlineClock {
    /// Whether a thread keeps the time.
    var isRunning = false
    private var watched: [ObjectIdentifier: (job: any QueuedJob, deadline: Duration)] = [:]
    private var wakesAt: Duration?
    private var mustWake = false

    /// - Returns: whether the clock sleeps longer than this job may.
    mutating func add(_ job: any QueuedJob, _ deadline: Duration) -> Bool {
        watched[ObjectIdentifier(job)] = (job, deadline)
        guard let wakesAt, deadline < wakesAt else { return false }
        mustWake = true
        return true
    }

    mutating func remove(_ job: any QueuedJob) {
        watched[ObjectIdentifier(job)] = nil
    }

    mutating func takeLate(_ now: Duration) -> [any QueuedJob] {
        let late = watched.values.filter { $0.deadline <= now }.map(\.job)
        for job in late { remove(job) }
        return late
    }

    /// How long to sleep; nil when there is nothing left to wait for.
    mutating func pause(_ now: Duration) -> Duration? {
        wakesAt = watched.values.map(\.deadline).min()
        mustWake = false
        return wakesAt.map { $0 - now }
    }

    /// Lets the clock look again now, and leave when nothing is left.
    mutating func hurry() { mustWake = true }

    mutating func takeWakeUp() -> Bool {
        defer { mustWake = false }
        return mustWake
    }
}
