internal import BlobStore
public import Logging

/// Prints what the layers below log, as lines on standard error that make way for the progress bar.
public struct ConsoleLog: LogHandler {
    private let console: Console
    private let label: String
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level

    /// A log that writes to that console.
    public init(_ label: String, to console: Console) {
        self.label = label
        self.console = console
        logLevel =
            switch console.verbosity {
            case .quiet: .error
            case .normal: .warning
            case .verbose: .debug
            case .debug: .trace
            }
    }

    /// Metadata that stands in every message.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Prints the message beside progress, if it is loud enough.
    public func log(event: LogEvent) {
        var fields = metadata
        fields.merge(metadataProvider?.get() ?? [:]) { $1 }
        fields.merge(event.metadata ?? [:]) { $1 }
        let details = fields.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let tone: Tone? = event.level >= .error ? .error : event.level == .warning ? .warning : nil
        console.say("\(event.level): \(label): \("\(event.message)\(details)".printable)", from: .quiet, tone: tone)
    }
}
