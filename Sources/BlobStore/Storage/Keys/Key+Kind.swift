extension Key {
    /// Refuses a record's key where an object's is due: the first step of every operation on objects.
    /// - Throws: `invalidKey`.
    public func expectObject() throws(StoreError) {
        guard isRecord else { return }
        throw StoreError(.invalidKey, "the key \"\(text)\" names a record, and an object was asked for")
    }

    /// Refuses an object's key where a record's is due: the first step of every operation on records.
    /// - Throws: `invalidKey`.
    public func expectRecord() throws(StoreError) {
        if isRecord { return }
        throw StoreError(.invalidKey, "the key \"\(text)\" names an object, and a record (….json) was asked for")
    }
}
