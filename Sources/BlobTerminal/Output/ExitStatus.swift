/// What a command's exit code says.
public enum ExitStatus: Sendable, Equatable {
    /// All was done.
    case done
    /// The command ran to its end, and its answer is "not good".
    case notGood
    /// It could not be done.
    case failed
    /// The command line cannot be understood.
    case usage
    /// Stopped: 128 + the number of the signal (SIGPIPE's where the reader of standard output went away).
    case stopped(signal: Int32)

    /// The number that the process ends with.
    public var code: Int32 {
        switch self {
        case .done: 0
        case .notGood: 1
        case .failed: 2
        case .usage: 64
        case .stopped(let signal): 128 + signal
        }
    }

    /// The status of a command that worked on several items, each for itself: one failure of one item is the
    /// command's failure, some of several are an answer.
    public init(succeeded: Int, failed: Int) {
        if failed == 0 { self = .done } else { self = succeeded + failed == 1 ? .failed : .notGood }
    }
}
