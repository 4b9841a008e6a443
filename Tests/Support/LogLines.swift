package import Logging
import Synchronization

/// Keeps what is logged, with its metadata.
package struct LogLines: LogHandler {
    private final class Lines: Sendable {
        let all = Mutex<[(level: Logger.Level, text: String)]>([])
    }

    private let kept = Lines()
    package var metadata: Logger.Metadata = [:]
    package var logLevel = Logger.Level.trace

    package init() {}

    /// A logger whose lines end up here.
    package var logger: Logger { Logger(label: "test") { _ in self } }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let text = "\(event.message) \(metadata) \(event.metadata ?? [:])"
        kept.all.withLock { $0.append((event.level, text)) }
    }

    /// What was logged at a level, or at all.
    package func lines(_ level: Logger.Level? = nil) -> [String] {
        kept.all.withLock { $0.filter { level == nil || $0.level == level }.map(\.text) }
    }

    /// The levels of what begins so.
    package func levels(of start: String) -> [Logger.Level] {
        kept.all.withLock { $0.filter { $0.text.hasPrefix(start) }.map(\.level) }
    }
}
