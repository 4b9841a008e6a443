internal import BlobCrypto
internal import Synchronization

extension MemoryStorage {
    public func list(_ request: ListRequest) -> AsyncPull<[ListEntry]> {
        // Where the next page begins: the first text, in key order, that was not yet looked at; nil at the end.
        let cursor = Mutex<String?>(request.prefix.text)
        return AsyncPull { () throws(StoreError) in
            if Task.isCancelled { throw StoreError(.cancelled, "the listing was cancelled") }
            return cursor.withLock { cursor in
                guard let start = cursor else { return nil }
                let (page, next) = self.page(of: request, from: start)
                cursor = next
                return page.isEmpty ? nil : page
            }
        }
    }

    public func uploadsInFlight() -> AsyncPull<[UploadInFlight]> {
        let uploads = shelf.withLock { shelf in
            shelf.uploads.map { id, upload in
                UploadInFlight(id: id, size: Int64(upload.bytes.count), age: now() - upload.grewAt)
            }
        }
        let page = Mutex<[UploadInFlight]?>(uploads.isEmpty ? nil : uploads)
        return AsyncPull { () throws(StoreError) in page.withLock { $0.take() } }
    }

    public func discardUpload(_ upload: UploadInFlight) async throws(StoreError) {
        shelf.withLock { _ = $0.uploads.removeValue(forKey: upload.id) }
    }

    /// Entries from `start` on, and where the page after them begins (nil at the end).
    private func page(of request: ListRequest, from start: String) -> (entries: [ListEntry], next: String?) {
        shelf.withLock { shelf in
            var entries: [ListEntry] = []
            var index = shelf.firstIndex(notBefore: start)
            if let after = request.startAfter { index = max(index, shelf.firstIndex(notBefore: after.text + " ")) }
            while index < shelf.names.count, request.prefix.contains(shelf.names[index]) {
                let key = shelf.names[index]
                if entries.count == pageSize { return (entries, key.text) }
                if request.isFlat, let folder = folder(of: key, inside: request.prefix) {
                    entries.append(.folder(folder))
                    index = shelf.firstIndex(notBefore: afterFolder(folder))
                } else {
                    entries.append(.key(key, request.wantsDetails ? info(of: key, in: shelf) : nil))
                    index += 1
                }
            }
            return (entries, nil)
        }
    }

    /// The folder directly in `prefix` through which the path to `key` leads; nil when the key stands in `prefix`.
    private func folder(of key: Key, inside prefix: KeyPrefix) -> KeyPrefix? {
        let below = key.text.utf8.dropFirst(prefix.text.utf8.count)
        guard let slash = below.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        return KeyPrefix(trusted: String(key.text[...slash]))
    }

    /// The first text in key order that is behind all keys of `folder`: `0` is the byte after `/`.
    private func afterFolder(_ folder: KeyPrefix) -> String { folder.text.dropLast() + "0" }

    private func info(of key: Key, in shelf: borrowing MemoryShelf) -> ObjectInfo {
        if let object = shelf.objects[key] {
            return ObjectInfo(size: Int64(object.bytes.count), age: now() - object.writtenAt)
        }
        let age = shelf.recordsWrittenAt[key].map { now() - $0 } ?? .zero
        let bytes = shelf.records[key]?.bytes ?? []
        // What moves nothing atomically stands for a bucket, which tells it for nothing.
        let md5 = capabilities.atomicMove ? nil : Hasher.hex(.md5, of: bytes)
        return ObjectInfo(size: Int64(bytes.count), age: age, listedMD5: md5)
    }
}

extension MemoryStorage: DigestedListings {
    /// At once, where it stands for a bucket.
    public func listsWritesAtOnce(measuring: Bool) async throws(StoreError) -> Bool? { !capabilities.atomicMove }
}
