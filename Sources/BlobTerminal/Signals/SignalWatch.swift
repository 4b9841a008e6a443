internal import Glibc

/// Turns SIGINT, SIGTERM and SIGHUP into an ``Interruption``; a second one ends the process at once.
///
/// A thread waits for them, since a signal handler may do next to nothing: the main thread, so that it is not left
/// to the concurrency runtime, which lets signals through there. A command that does not come to its end within its
/// ``Interruption/timeToStop`` (a mount that hangs, say) is ended all the same: whatever it published is whole, as it
/// would be after a power cut.
/// - Source: sigwait(3), sigtimedwait(2), pthread_sigmask(3).
public struct SignalWatch: Sendable {
    private let interruption: Interruption
    private let signals: sigset_t

    /// Blocks the signals. To be called on the main thread before there are others, which inherit it.
    public init(_ interruption: Interruption) {
        self.interruption = interruption
        signal(SIGPIPE, SIG_IGN)
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] {
            // A shell starts background jobs with SIGINT ignored; one that is sent on purpose is meant all the same.
            signal(number, SIG_DFL)
            sigaddset(&signals, number)
        }
        // nohup(1) has it ignored.
        if !Self.isIgnored(SIGHUP) { sigaddset(&signals, SIGHUP) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        self.signals = signals
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        // SIG_IGN is the address 1, which cannot be compared as a function.
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }

    /// Waits for signals until the process ends.
    public func run() -> Never {
        var signals = signals
        var first: Int32 = 0
        while sigwait(&signals, &first) != 0 {}
        interruption.request(.signal(first))
        _exit(128 + (second(within: interruption.timeToStop) ?? first))
    }

    /// The next signal; nil when none comes in that time.
    ///
    /// The wait ends early for other reasons, too: when a child process ends, for one.
    private func second(within duration: Duration) -> Int32? {
        var signals = signals
        let clock = ContinuousClock()
        let deadline = clock.now + duration
        while true {
            let left = max(deadline - clock.now, .zero)
            var time = timespec(
                tv_sec: Int(left.components.seconds), tv_nsec: Int(left.components.attoseconds / 1_000_000_000))
            let number = sigtimedwait(&signals, nil, &time)
            if number > 0 { return number }
            if left == .zero { return nil }
        }
    }
}
