public import ObjectStorage

extension S3Storage {
    private static let keysPerRequest = 1_000

    public func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>] {
        for key in keys { try key.expectObject() }
        var results: [Result<Void, StoreError>] = []
        for start in stride(from: 0, to: keys.count, by: Self.keysPerRequest) {
            let batch = keys[start..<min(start + Self.keysPerRequest, keys.count)]
            results += await remove(batch)
        }
        return results
    }

    private func remove(_ keys: ArraySlice<Key>) async -> [Result<Void, StoreError>] {
        do throws(StoreError) {
            if keys.count == 1, let key = keys.first {
                try await session.delete(try name(key))
                return [.success(())]
            }
            return try await removeTogether(keys)
        } catch {
            return keys.map { .failure(error.during("removeObjects", key: $0.text, root: address)) }
        }
    }

    private func removeTogether(_ keys: ArraySlice<Key>) async throws(StoreError) -> [Result<Void, StoreError>] {
        var names: [String] = []
        for key in keys { names.append(try name(key)) }
        var failures: [String: StoreError] = [:]
        for failure in try await session.delete(together: Set(names).sorted()) {
            var refusal = Refusal(status: 200, code: failure.code)
            refusal.message = failure.message
            guard names.contains(failure.key) else {
                throw StoreError(
                    .failed, "the server reports on a name that it was not asked to delete", isRetryable: true)
            }
            failures[failure.key] = session.error(refusal)
        }
        return zip(keys, names).map { key, name in
            failures[name].map { .failure($0.during("removeObjects", key: key.text, root: address)) } ?? .success(())
        }
    }
}

extension S3Session {
    /// Deletes one object; a missing one is a success.
    func delete(_ name: String) async throws(StoreError) {
        do {
            _ = try await send(S3Call("DELETE", name))
        } catch  where error.code == .notFound {
            try error.unlessAboutTheBucket()
        }
    }

    /// Deletes up to 1,000 objects; missing ones are a success.
    /// - Returns: what could not be deleted.
    func delete(together names: [String]) async throws(StoreError) -> [DeletionAnswer.Failure] {
        var call = S3Call("POST", nil, query: [("delete", "")])
        let body = DeletionAnswer.request(names)
        try call.set(body: body, contentType: "application/xml")
        // Some servers insist on it.
        try call.setMD5()
        let answer = try await send(call, for: DeletionAnswer.self).answer
        // What the answer says nothing of may be there still.
        for name in Set(names).subtracting(answer.deleted).subtracting(answer.failures.map(\.key)).sorted() {
            try await delete(name)
        }
        return answer.failures.filter { $0.code != "NoSuchKey" }
    }
}
