extension Records {
    /// Reads one record; nil when it is absent.
    public func readRecord(_ key: Key) async throws(StoreError) -> Record? {
        guard let result = await readRecords([key]).first else { return nil }
        return try result.get()
    }
}

extension Objects {
    /// Reads an object, or a part of it, in a scope that may return a value and throw errors of its own.
    public func withObject<Value: Sendable>(
        _ key: Key, range: Range<Int64>? = nil, _ body: (ObjectContent) async throws -> Value
    ) async throws -> Value {
        var outcome: Result<Value, any Error>?
        try await readObject(key, range: range) { (content) async throws(StoreError) in
            do { outcome = .success(try await body(content)) } catch { outcome = .failure(error) }
        }
        guard let outcome else {
            throw StoreError(.failed, "the object was never opened").during("readObject", key: key.text)
        }
        return try outcome.get()
    }

    /// Removes one object; a missing one is a success.
    public func removeObject(_ key: Key) async throws(StoreError) {
        for result in try await removeObjects([key]) { try result.get() }
    }
}

extension AsyncPull {
    /// All elements of all pages. For what is known to be small.
    package func flattened<Item: Sendable>() async throws(StoreError) -> [Item] where Element == [Item] {
        var all: [Item] = []
        for try await page in self { all += page }
        return all
    }
}
