/// Turns root URLs into storages: the one thing that knows the backends, handed in from above.
public protocol StorageOpener: Sendable {
    /// Opens a place that exists.
    /// - Throws: `notFound`, `permissionDenied`, `unsupported`.
    func open(_ url: RootURL) async throws(StoreError) -> any Storage

    /// Opens a place, and makes it (durably) where it does not exist.
    /// - Parameter outer: the root that it may stand in; what is made below that gets its permissions, so that all who
    ///   work in the outer root can work in the new place.
    func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage
}

extension StorageOpener {
    /// Opens a place of its own, and makes it (durably) where it does not exist.
    package func create(_ url: RootURL) async throws(StoreError) -> any Storage { try await create(url, inside: nil) }
}
