internal import Synchronization

/// Folders whose own names, and those of all folders above them, this process has flushed or seen flushed.
///
/// Bounded: the folders used least recently are forgotten, and flushed once more when they are next used.
final class DurableFolders: Sendable {
    private struct State {
        var recent: Set<String> = []
        var older: Set<String> = []
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int = 16_384) { self.capacity = capacity }

    func contains(_ folder: String) -> Bool {
        if folder.isEmpty { return true }
        return state.withLock { state in
            if state.recent.contains(folder) { return true }
            guard state.older.contains(folder) else { return false }
            insert(folder, &state)
            return true
        }
    }

    func insert(_ folder: String) {
        state.withLock { insert(folder, &$0) }
    }

    private func insert(_ folder: String, _ state: inout State) {
        if state.recent.count >= capacity / 2 {
            state.older = state.recent
            state.recent = []
        }
        state.recent.insert(folder)
    }
}
