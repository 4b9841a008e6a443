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
