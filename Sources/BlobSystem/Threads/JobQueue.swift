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
