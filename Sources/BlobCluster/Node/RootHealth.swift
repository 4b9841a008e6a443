/// Whether a root can be used now.
public enum RootHealth: Sendable, Equatable {
    /// It answers, and is the root that was opened.
    case good
    /// It does not answer, or may not be read: nothing is known of what it holds.
    case unreachable(StoreError)
    /// It is another root, or none: a share that is not mounted, say.
    case wrong(StoreError)

    /// Looks at the server root of a store.
    /// - Cost: one request: its marker is read.
    public static func ofServer(_ store: PackageStore) async -> RootHealth { await of(store.server) }

    static func of(_ root: Root) async -> RootHealth {
        do throws(StoreError) {
            try await root.verify()
            return .good
        } catch {
            switch error.code {
            case .wrongRoot, .corrupt, .unknownFormat: return .wrong(error)
            default: return .unreachable(error)
            }
        }
    }
}
