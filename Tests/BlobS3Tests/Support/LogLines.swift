import Logging
import Synchronization

/// Keeps what is logged, with its metadata.
struct LogLines: LogHandler {
    private final class Lines: Sendable {
        let all = Mutex<[(level: Logger.Level, text: String)]>([])
    }

    private let kept = Lines()
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    /// A logger whose lines end up here.
    var logger: Logger { Logger(label: "test") { _ in self } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let text = "\(event.message) \(metadata) \(event.metadata ?? [:])"
        kept.all.withLock { $0.append((event.level, text)) }
    }

    /// What was logged at a level, or at all.
    func lines(_ level: Logger.Level? = nil) -> [String] {
        kept.all.withLock { $0.filter { level == nil || $0.level == level }.map(\.text) }
    }
}
