internal import Synchronization

/// Collects what a check has verified, and writes it into the feed's ledger now and then.
final class LedgerNotes: Sendable {
    private static let interval = Duration.seconds(60)

    private struct State: Sendable {
        var news = CheckLedger()
        var damaged: Set<String> = []
        var written = ContinuousClock.now
    }

    private let storage: any Storage
    private let state = Mutex(State())

    init(_ storage: any Storage) {
        self.storage = storage
    }

    /// - Parameters:
    ///   - verified: what was read to its end.
    ///   - damaged: shards in which damage was found, so that the next check reads them again.
    func add(_ verified: CheckLedger, damaged: Set<String>) async throws(StoreError) {
        let isDue = state.withLock { state in
            state.news = state.news.merged(verified)
            state.damaged.formUnion(damaged)
            return state.written.duration(to: .now) >= Self.interval
        }
        if isDue { try await write() }
    }

    /// Writes what is not written yet.
    ///
    /// A root that takes no writes is checked without: the check itself is whole, and the next one reads it again. So
    /// is one with something else in the ledger's place, of which the check has told.
    func write() async throws(StoreError) {
        let (news, damaged) = state.withLock { state in
            defer { state = State() }
            return (state.news, state.damaged)
        }
        do throws(StoreError) { try await CheckLedger.add(news, without: damaged, to: storage) } catch {
            switch error.code {
            case .readOnly, .outOfSpace, .outcomeUnknown: break
            case _ where error.concernsOnePlace: break
            default: throw error
            }
        }
    }
}

extension CheckLedger {
    /// Reads a feed's ledger; an empty one where it cannot be read or understood, so that nothing counts as verified.
    /// - Returns: also why that is so.
    static func read(_ storage: any Storage) async throws(StoreError) -> (ledger: CheckLedger, flaw: StoreError?) {
        do throws(StoreError) {
            let stored = try await storage.document(key, as: CheckLedger.self)
            return (stored?.body.known(by: .now) ?? CheckLedger(), nil)
        } catch  where error.concernsOnePlace {
            return (CheckLedger(), error)
        }
    }

    /// Adds what was verified to the feed's ledger, whoever else writes there, and in the place of a garbled one. That
    /// of a newer version is left alone.
    fileprivate static func add(
        _ news: CheckLedger, without damaged: Set<String>, to storage: any Storage
    ) async throws(StoreError) {
        if news == CheckLedger() && damaged.isEmpty { return }
        for _ in 0..<8 {
            do throws(StoreError) {
                if try await isAdded(news, without: damaged, to: storage) { return }
            } catch {
                switch error.code {
                case .preconditionFailed: continue
                case .unknownFormat: return
                default: throw error
                }
            }
        }
    }

    /// - Returns: false when it has to be looked at again.
    private static func isAdded(
        _ news: CheckLedger, without damaged: Set<String>, to storage: any Storage
    ) async throws(StoreError) -> Bool {
        let first = CheckLedger().merged(news)
        do throws(StoreError) {
            _ = try await storage.update(key, as: CheckLedger.self) { (ledger) throws(StoreError) in
                let next = ledger.known(by: .now).merged(news, without: damaged)
                return next == ledger ? nil : next
            }
            return true
        } catch  where error.code == .notFound {
            if first != CheckLedger() { _ = try await storage.create(key, first) }
            return true
        } catch  where error.code == .corrupt {
            return try await storage.replaceGarbled(key, with: first, isSound: { _ in true }, keep: { _ in }) != nil
        }
    }
}
