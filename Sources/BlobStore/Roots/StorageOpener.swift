/// Turns root URLs into storages: the one thing that knows the backends, handed in from above.
public protocol StorageOpener: Sendable {
    /// What URLs mean, and how their places lie to each other.
    var schemes: StorageSchemes { get }

    /// Opens a place that exists.
    /// - Parameter outer: the root that it may stand in; from there the place is entered step by step, and through no
    ///   symbolic link.
    /// - Throws: `notFound`, `permissionDenied`, `unsupported`; `wrongRoot` where a link stands in the way.
    func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage

    /// Opens a place, and makes it (durably) where it does not exist.
    /// - Parameter outer: the root that it may stand in; what is made below that gets its permissions, so that all who
    ///   work in the outer root can work in the new place, and is entered as ``open(_:inside:)`` does.
    func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage
}

extension StorageOpener {
    /// Opens a place of its own that exists.
    package func open(_ url: RootURL) async throws(StoreError) -> any Storage { try await open(url, inside: nil) }

    /// Opens a place of its own, and makes it (durably) where it does not exist.
    package func create(_ url: RootURL) async throws(StoreError) -> any Storage { try await create(url, inside: nil) }
}

/// Opens what lies in a server root by way of that root, whoever asks for it: a feed's place there that is a symbolic
/// link would lead to what is not the store's, and a purge would delete it.
struct ServerOpener: StorageOpener {
    let base: any StorageOpener
    let server: RootURL

    var schemes: StorageSchemes { base.schemes }

    func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        try await advising(url) { () async throws(StoreError) in
            try await base.open(url, inside: isWithin(url) ? server : outer)
        }
    }

    func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        try await advising(url) { () async throws(StoreError) in
            try await base.create(url, inside: isWithin(url) ? server : outer)
        }
    }

    private func isWithin(_ url: RootURL) -> Bool { schemes.relation(of: url, to: server) == .inside }

    /// What stands there may be a feed: nobody is told to remove it.
    private func advising(
        _ url: RootURL, _ body: () async throws(StoreError) -> any Storage
    ) async throws(StoreError) -> any Storage {
        do { return try await body() } catch  where error.code == .wrongRoot && isWithin(url) {
            throw StoreError(
                .wrongRoot,
                "\(error.message); to keep a feed's content elsewhere, give the feed a root of its own there "
                    + "with --feed-root in \"blobtool feed create\" or \"blobtool feed set\"",
                cause: error.cause
            ).during("open", root: url.description)
        }
    }
}
