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
    let counter: WorkCounter

    init(_ report: @escaping @Sendable (ImportOperation.Event) -> Void) {
        self.report = report
        counter = WorkCounter("importing") { report(.progress($0)) }
    }

    var summary: ImportOperation.Summary { state.withLock { $0 } }

    /// Reports what became of files, which were counted when they were done.
    func add(_ outcomes: [(String, Result<Taken, StoreError>)]) {
        for (path, result) in outcomes {
            switch result {
            case .success(let taken): add(path, taken)
            case .failure(let error): fail(LocalName(path), error)
            }
        }
    }

    /// Counts files out that are going to be done again.
    func takeBack(_ outcomes: [(String, Result<Taken, StoreError>)]) {
        let bytes = outcomes.reduce(Int64(0)) { $0 + ((try? $1.1.get().size) ?? 0) }
        counter.add(items: -Int64(outcomes.count), bytes: -bytes)
    }

    /// Counts and reports what is not even tried.
    func refuse(_ name: LocalName, _ error: StoreError) {
        counter.add(items: 1)
        fail(name, error)
    }

    private func fail(_ name: LocalName, _ error: StoreError) {
        state.withLock { $0.failed += 1 }
        report(.failed(name, error))
    }

    private func add(_ path: String, _ taken: Taken) {
        state.withLock { summary in
            if taken.outcome == .unchanged { summary.unchanged += 1 } else { summary.imported += 1 }
            summary.bytes += taken.size
        }
        report(.published(taken.outcome, path, size: taken.size))
    }
}
