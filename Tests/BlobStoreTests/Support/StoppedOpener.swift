import BlobBackends
import BlobStore
import BlobStoreTesting
import Synchronization

/// Opens storages that all stop at one call, as a process does that is killed there: that call takes place or not, and
/// none after it does.
final class StoppedOpener: StorageOpener {
    private struct State {
        var calls = 0
        var isStopped = false
    }

    private let base: any StorageOpener
    private let stopsAt: Int
    private let takesPlace: Bool
    private let state = Mutex(State())

    /// - Parameters:
    ///   - stopsAt: the number of the call, from 0; none for `.max`.
    ///   - takesPlace: whether that call still does its work.
    init(_ base: any StorageOpener, stopsAt: Int = .max, takesPlace: Bool = false) {
        self.base = base
        self.stopsAt = stopsAt
        self.takesPlace = takesPlace
    }

    /// Whether the call has come.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    var schemes: StorageSchemes { base.schemes }

    func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        stopping(try await base.open(url, inside: outer))
    }

    func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        if isStopped { throw Self.stopped }
        return stopping(try await base.create(url, inside: outer))
    }

    private static let stopped = StoreError(.unavailable, "the process was stopped here")

    private func stopping(_ storage: any Storage) -> any Storage {
        FaultStorage(
            storage,
            plan: FaultPlan { [self] _, _, _ in
                state.withLock { state in
                    defer { state.calls += 1 }
                    if state.isStopped { return .before(Self.stopped) }
                    guard state.calls == stopsAt else { return nil }
                    state.isStopped = true
                    return takesPlace ? .after(Self.stopped) : .before(Self.stopped)
                }
            })
    }
}
