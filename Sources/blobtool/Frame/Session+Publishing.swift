internal import BlobStore
internal import BlobTerminal
internal import Synchronization

extension Session {
    /// Publishes files, and shows on the way how far that is and which of them failed.
    /// - Parameters:
    ///   - activity: what is being done, for the progress.
    ///   - show: told of each file that was published.
    /// - Returns: what it came to, and the error that stopped it before its end.
    /// - Throws: what stopped it before anything had come of it.
    func publish(
        _ source: PublishOperation.Source, into feed: Feed, _ options: PublishOperation.Options, activity: String,
        failures: Failures, show: @escaping @Sendable (PublishOperation.Item) -> Void
    ) async throws -> (summary: PublishOperation.Summary, stop: (any Error)?) {
        let meter = Meter(activity, unit: "files")
        let stopped = Mutex<PublishOperation.Summary?>(nil)
        let operation = PublishOperation(source, into: feed, options) { event in
            switch event {
            case .progress(let progress): meter.show(progress)
            case .published(let item): show(item)
            case .failed(let name, let error):
                failures.add(name, error)
                meter.add(failures: 1)
            case .stopped(let summary): stopped.withLock { $0 = summary }
            }
        }
        do {
            return (try await console.showing(meter, isShown: showsProgress) { try await operation.run() }, nil)
        } catch {
            guard let summary = stopped.withLock({ $0 }) else { throw error }
            return (summary, error)
        }
    }
}

extension PublishOperation.Summary {
    /// Files that need no other run.
    var succeeded: Int { Int(clamping: published + unchanged) }
}
