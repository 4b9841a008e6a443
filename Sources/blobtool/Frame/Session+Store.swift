internal import BlobBackends
internal import BlobStore
internal import BlobTerminal

extension Session {
    /// Opens the server root for `body`, and closes it after.
    func withStore<Answer: Sendable>(
        _ options: RootOptions, limit: ByteRate? = nil, _ body: (PackageStore) async throws -> Answer
    ) async throws -> Answer {
        let settings = try await options.settings()
        let store = try await PackageStore.open(
            settings.root.value, node: Self.node, rootID: settings.rootID?.value, with: Self.opener(limit))
        if store.url != settings.root.value {
            console.say(
                "note: the server root \(settings.root.value) moved to \(store.url); use that from now on"
            )
        }
        do {
            let answer = try await body(store)
            await store.close()
            return answer
        } catch {
            let told: any Error = if let error = error as? StoreError { await store.suggesting(error) } else { error }
            await store.close()
            throw told
        }
    }

    /// Opens a feed of the server root for `body`.
    func withFeed<Answer: Sendable>(
        _ name: FeedName, _ options: RootOptions, limit: ByteRate? = nil, _ body: (Feed) async throws -> Answer
    ) async throws -> Answer {
        try await withStore(options, limit: limit) { store in try await body(try await Feed.lookedUp(name, by: store)) }
    }

    static func opener(_ limit: ByteRate? = nil, isForOneWriter: Bool = false) -> any StorageOpener {
        Backends(bytesPerSecond: limit?.bytesPerSecond, isForOneWriter: isForOneWriter)
    }

    /// The name that this machine signs with: `blobtool-` and its host name, as far as a node may be called that.
    static var node: NodeName {
        get throws(StoreError) { try .ofThisMachine(prefix: "blobtool-") }
    }
}
