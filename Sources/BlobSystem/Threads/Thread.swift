internal import CBlobSystem
internal import Glibc

/// Threads of the process's own, for calls that block.
package enum Thread {
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void
        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private static let stackSizeBytes = 1 << 20

    /// Runs `body` on a new thread, which takes no signals: those are for the threads that know what to do.
    /// - Returns: whether there is one; none when the process or the machine has too many.
    /// - Source: pthread_create(3).
    package static func start(named name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackSizeBytes)
        let start = Unmanaged.passRetained(Start(name, body))
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        var thread = pthread_t()
        let result = pthread_create(&thread, &attributes, run, start.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        if result != 0 { start.release() }
        return result == 0
    }

    /// Whether the calling thread is one of ``start(named:_:)``, and so may block; Swift's cooperative threads may not.
    package static var mayBlock: Bool { blob_thread_may_block() != 0 }

    private static let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { raw in
        guard let raw else { return nil }
        let start = Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
        blob_let_thread_block()
        blob_name_thread(String(start.name.prefix(15)))
        start.body()
        return nil
    }
}

// MARK: - At the end of something's life

extension Thread {
    /// For what belongs to no root.
    private static let aside = BlockingPool(name: "aside", limits: BlockingPool.Limits(threads: 4, queue: 65_536))

    /// Does what may block, at the end of something's life: at once where this thread may block, else soon, on another.
    package static func aside(_ work: @escaping @Sendable () -> Void) {
        aside.aside(work)
    }
}

extension BlockingPool {
    /// Does what may block, at the end of something's life: at once where this thread may block, else soon, on one of
    /// the pool's.
    ///
    /// It is done also when the pool is closed: what is open must be closed once more than the pool is.
    package func aside(_ work: @escaping @Sendable () -> Void) {
        if Thread.mayBlock { return work() }
        start(deadline: nil) { (_) -> Void in
            work()
        } answer: { (outcome: BlockingOutcome<Void, Never>) in
            guard case .refused = outcome else { return }
            if !Thread.start(named: "aside", work) { work() }
        }
    }
}
