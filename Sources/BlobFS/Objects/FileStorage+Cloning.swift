public import BlobStore

extension FileStorage: CloneableObjects {
    public func cloneObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) {
        _ = try await copy(from: source, key, to: destination, byLink: false)
    }

    /// Copies an object without moving its bytes, from another directory on the same filesystem, decorated or not.
    func copy(
        from source: any Storage, _ key: Key, to destination: Key, byLink: Bool
    ) async throws(StoreError) -> CommitOutcome {
        try key.expectObject()
        try destination.expectObject()
        let place = try await source.place(of: key)
        guard let origin = place.storage as? FileStorage else {
            throw StoreError(.unsupported, "\(address) cannot copy from \(source.address) without moving the bytes")
        }
        let from = origin.files
        return try await blocking("copyObject", destination) { (files, _) throws(StoreError) in
            try from.root.steadily { () throws(StoreError) in
                try files.copy(from: from, place.key, to: destination, byLink: byLink)
            }
        }
    }
}
