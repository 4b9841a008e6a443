internal import NIOCore

/// Runs tasks on an event loop's thread.
///
/// A request that is served on its connection's own thread goes from the socket to its route and back without waking
/// another one: that is most of what a small answer costs. What blocks has threads of its own, in the storage.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
