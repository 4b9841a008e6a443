import BlobStore
import Synchronization

/// `made-up://room/folder`: rooms in the memory of this process.
final class MadeUpScheme: StorageScheme {
    private let rooms = Mutex<[String: Room]>([:])

    var name: String { "made-up" }
    var form: String { "made-up://room/folder" }

    func canonical(_ url: RootURL) throws(StoreError) -> RootURL {
        guard !url.authority.isEmpty, url.settings.isEmpty else {
            throw StoreError(.invalidArgument, "a made-up root has a room and no settings: write \(form)")
        }
        _ = try folder(url)
        return url
    }

    func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        guard let room = rooms.withLock({ $0[url.authority] }) else {
            throw StoreError(.notFound, "there is no room \(url.authority)")
        }
        return try storage(in: room, at: url)
    }

    func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        let room = rooms.withLock { rooms in
            let room = rooms[url.authority] ?? Room()
            rooms[url.authority] = room
            return room
        }
        return try storage(in: room, at: url)
    }

    private func storage(in room: Room, at url: RootURL) throws(StoreError) -> any Storage {
        let whole = RoomStorage(room, address: "made-up://\(url.authority)")
        let folder = try folder(url)
        return folder == .root ? whole : PrefixStorage(whole, prefix: folder)
    }

    private func folder(_ url: RootURL) throws(StoreError) -> KeyPrefix {
        try KeyPrefix(url.names.map { $0 + "/" }.joined())
    }
}
