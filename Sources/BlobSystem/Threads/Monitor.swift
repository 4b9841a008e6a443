internal import Glibc

/// A mutex and the state it guards, with signals that a thread can wait for while it lets go of the mutex.
///
/// `Synchronization.Mutex` has no condition variables, which threads that wait for work need.
/// - Source: pthread_cond_timedwait(3), on CLOCK_MONOTONIC.
package final class Monitor<State>: @unchecked Sendable {  // The state is touched under the mutex alone.
    private var state: State
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    package init(_ state: State) {
        self.state = state
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deinitialize(count: 1)
        mutex.deallocate()
    }

    package func withLock<Value>(_ body: (inout State) -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&state)
    }

    /// Asks `body` again after each wake-up until it answers, or until the time is over.
    ///
    /// The time, unlimited when nil, starts anew with each wake-up. A nil result means that it is over.
    package func wait<Value>(for signal: Signal, atMost time: Duration? = nil, until body: (inout State) -> Value?)
        -> Value?
    {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let value = body(&state) { return value }
            if !signal.wait(mutex, atMost: time) { return body(&state) }
        }
    }
}

/// What threads wait for; used under one monitor.
package final class Signal: @unchecked Sendable {  // A condition variable is made for use from several threads.
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    package init() {
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deinitialize(count: 1)
        condition.deallocate()
    }

    package func wakeOne() { pthread_cond_signal(condition) }

    package func wakeAll() { pthread_cond_broadcast(condition) }

    /// - Returns: false when the time was over before a wake-up.
    fileprivate func wait(_ mutex: UnsafeMutablePointer<pthread_mutex_t>, atMost time: Duration?) -> Bool {
        guard let time else { return pthread_cond_wait(condition, mutex) == 0 }
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let (seconds, attoseconds) = max(time, .zero).components
        let nanoseconds = end.tv_nsec + Int(attoseconds / 1_000_000_000)
        end.tv_sec += Int(min(seconds, 1 << 31)) + nanoseconds / 1_000_000_000
        end.tv_nsec = nanoseconds % 1_000_000_000
        return pthread_cond_timedwait(condition, mutex, &end) == 0
    }
}
