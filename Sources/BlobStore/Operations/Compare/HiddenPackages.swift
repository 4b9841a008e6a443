internal import Synchronization

/// What stands among the records of one side and may hide packages: of those nothing is known, so none of them is said
/// to be missing.
final class HiddenPackages: Sendable {
    /// Beyond these nothing is said to be missing any more.
    private static let maximumThings = 1_000

    private struct State {
        var paths: Set<PackagePath> = []
        /// Beginnings of paths, by their bytes.
        var folders: [[UInt8]] = []
        var hidesAll = false
    }

    private let state = Mutex(State())

    /// Adds a thing by its place in the root, e.g. `packages/a.json`: it stands where a record or a folder may be.
    func add(_ thing: String) {
        let place = thing.hasSuffix("/") ? String(thing.dropLast()) : thing
        let path = (try? Key(place)).flatMap { try? PackagePath(of: $0) }
        let folder = (try? KeyPrefix(place + "/")).flatMap { PackagePath.text(of: $0) }
        state.withLock { state in
            if state.paths.count + state.folders.count >= Self.maximumThings { state.hidesAll = true }
            if state.hidesAll { return }
            if let path { state.paths.insert(path) }
            if let folder { state.folders.append(Array(folder.utf8)) }
        }
    }

    /// Whether the package may be there, hidden.
    func mayHold(_ path: PackagePath) -> Bool {
        state.withLock { state in
            state.hidesAll || state.paths.contains(path)
                || state.folders.contains { path.text.utf8.starts(with: $0) }
        }
    }
}
