internal import Glibc
internal import Synchronization

/// Why a command is to stop before its end; the first reason counts.
public final class Interruption: Sendable {
    /// Why the work is to stop.
    public enum Reason: Sendable, Equatable {
        /// SIGINT, SIGTERM or SIGHUP.
        case signal(Int32)
        /// Standard output takes nothing more; EPIPE when its reader went away.
        case outputFailed(errno: Int32)
    }

    private struct State {
        var reason: Reason?
        var cancel: (@Sendable () -> Void)?
        var timeToStop = Duration.milliseconds(1_800)
    }
    private let state = Mutex(State())

    /// An interruption that has not happened.
    public init() {}

    /// Why to stop; nil while there is no reason.
    public var reason: Reason? { state.withLock(\.reason) }

    /// How long the command may take to stop once there is a reason; then the process ends all the same.
    ///
    /// Less than two seconds unless the command has something to remove that no later command looks after.
    public var timeToStop: Duration {
        get { state.withLock(\.timeToStop) }
        set { state.withLock { $0.timeToStop = newValue } }
    }

    /// Names what stops the work: called once there is a reason, or at once when there is one already.
    public func onRequest(_ cancel: @escaping @Sendable () -> Void) {
        let isRequested = state.withLock { state in
            state.cancel = cancel
            return state.reason != nil
        }
        if isRequested { cancel() }
    }

    /// Asks the command to stop.
    public func request(_ reason: Reason) {
        let cancel = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.reason == nil else { return nil }
            state.reason = reason
            return state.cancel
        }
        cancel?()
    }
}

extension Interruption.Reason {
    /// What the process ends with.
    public var status: ExitStatus {
        switch self {
        case .signal(let signal): .stopped(signal: signal)
        // A reader that has seen enough is no failure of the command; the status is what the shell knows it by.
        case .outputFailed(EPIPE): .stopped(signal: SIGPIPE)
        case .outputFailed: .failed
        }
    }

    /// What a person is told; nil when there is nobody to tell, the reader having gone by choice.
    public var sentence: String? {
        switch self {
        case .signal(let signal):
            "stopped by \(Self.name(of: signal)); nothing is half done, and the same command resumes where it stopped"
        case .outputFailed(EPIPE): nil
        case .outputFailed(let errno):
            "the output could not be written (\(String(cString: strerror(errno)))); send it to a place that has room"
        }
    }

    private static func name(of signal: Int32) -> String {
        switch signal {
        case SIGINT: "SIGINT"
        case SIGTERM: "SIGTERM"
        case SIGHUP: "SIGHUP"
        default: "signal \(signal)"
        }
    }
}
