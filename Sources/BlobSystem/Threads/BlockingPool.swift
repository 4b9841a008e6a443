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
        deadline: Duration?, _ body: @escaping @Sendable (any Patience) throws(Failure) -> Value
    ) async -> BlockingOutcome<Value, Failure> {
        await withCheckedContinuation { continuation in
            start(deadline: deadline, body) { continuation.resume(returning: $0) }
        }
    }

    /// Runs `body` on a thread of the pool, and calls `answer` exactly once, on any thread; it must not block.
    package func start<Value: Sendable, Failure: Error>(
        deadline: Duration?, _ body: @escaping @Sendable (any Patience) throws(Failure) -> Value,
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
