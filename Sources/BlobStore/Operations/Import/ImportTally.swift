internal import Synchronization

/// A file that was published or recognized.
struct Taken: Sendable {
    let outcome: Published.Outcome
    let size: Int64
}

/// What became of the files of a batch.
final class ImportOutcomes: Sendable {
    private let outcomes = Mutex<[(String, Result<Taken, StoreError>)]>([])

    func add(_ path: String, _ result: Result<Taken, StoreError>) {
        outcomes.withLock { $0.append((path, result)) }
    }

    var all: [(String, Result<Taken, StoreError>)] { outcomes.withLock { $0 } }

    /// What failed; of the rest nothing may be reported where the feed may have moved.
    var failures: [(String, Result<Taken, StoreError>)] {
        all.filter { if case .failure = $0.1 { true } else { false } }
    }
}

/// Counts and reports.
final class ImportTally: Sendable {
    private let state = Mutex(ImportOperation.Summary())
    private let report: @Sendable (ImportOperation.Event) -> Void
    private let counter: WorkCounter

    init(_ report: @escaping @Sendable (ImportOperation.Event) -> Void) {
        self.report = report
        counter = WorkCounter("importing") { report(.progress($0)) }
    }

    var summary: ImportOperation.Summary { state.withLock { $0 } }

    func add(_ outcomes: [(String, Result<Taken, StoreError>)]) {
        for (path, result) in outcomes {
            switch result {
            case .success(let taken): add(path, taken)
            case .failure(let error): fail(LocalName(path), error)
            }
        }
    }

    func fail(_ name: LocalName, _ error: StoreError) {
        state.withLock { $0.failed += 1 }
        counter.add(items: 1)
        report(.failed(name, error))
    }

    private func add(_ path: String, _ taken: Taken) {
        state.withLock { summary in
            if taken.outcome == .unchanged { summary.unchanged += 1 } else { summary.imported += 1 }
            summary.bytes += taken.size
        }
        counter.add(items: 1, bytes: taken.size)
        report(.published(taken.outcome, path, size: taken.size))
    }
}
