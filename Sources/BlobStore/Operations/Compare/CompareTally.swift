internal import Synchronization

/// Counts what a comparison finds, and tells of it.
final class CompareTally: Sendable {
    let counter: WorkCounter
    private let counts = Mutex(CompareOperation.Summary())
    private let report: @Sendable (CompareOperation.Event) -> Void

    init(_ report: @escaping @Sendable (CompareOperation.Event) -> Void) {
        self.report = report
        counter = WorkCounter("comparing") { report(.progress($0)) }
    }

    var summary: CompareOperation.Summary { counts.withLock { $0 } }

    func addEqual() { counts.withLock { $0.equal += 1 } }

    func add(_ kind: CompareOperation.Difference.Kind, path: String?, in feed: FeedName?) {
        counts.withLock { counts in
            switch kind {
            case .missing: counts.missing += 1
            case .extra: counts.extra += 1
            case .different: counts.different += 1
            }
        }
        report(.difference(CompareOperation.Difference(feed: feed, path: path, kind: kind)))
    }

    func fail(_ name: String, _ error: StoreError) {
        counts.withLock { $0.failed += 1 }
        report(.failed(name, error))
    }

    func share(_ feed: FeedName, _ root: RootURL) {
        counts.withLock { $0.shared += 1 }
        report(.shared(feed, root))
    }
}
