import Synchronization

/// Tasks that are ready to run, in the order in which they became so; run one after another by whoever steps the
/// simulation.
final class RunQueue: Sendable {
    private struct Ready: Sendable {
        let executor: StepExecutor
        let job: UnownedJob
    }

    private let ready = Mutex<[Ready]>([])

    func append(_ job: UnownedJob, for executor: StepExecutor) {
        ready.withLock { $0.append(Ready(executor: executor, job: job)) }
    }

    /// Runs what is ready, and what becomes ready meanwhile.
    func drain() {
        while true {
            let batch = ready.withLock { ready in
                defer { ready = [] }
                return ready
            }
            if batch.isEmpty { return }
            for next in batch { next.executor.run(next.job) }
        }
    }
}

/// Where the tasks of one process run; it can be halted, as a process is that is paused, or as one that is dead.
final class StepExecutor: TaskExecutor {
    private struct State: Sendable {
        var isHalted = false
        var backlog: [UnownedJob] = []
    }

    private let queue: RunQueue
    private let state = Mutex(State())

    init(_ queue: RunQueue) { self.queue = queue }

    func enqueue(_ job: consuming ExecutorJob) { queue.append(UnownedJob(job), for: self) }

    fileprivate func run(_ job: UnownedJob) {
        let isHalted = state.withLock { state in
            if state.isHalted { state.backlog.append(job) }
            return state.isHalted
        }
        if !isHalted { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    func halt() { state.withLock { $0.isHalted = true } }

    func resume() {
        let backlog = state.withLock { state in
            defer { state = State() }
            return state.backlog
        }
        for job in backlog { queue.append(job, for: self) }
    }
}
