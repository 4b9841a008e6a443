// What every backend says alike.
extension StoreError {
    /// What a storage says of an object that is not there.
    package static func missing(_ key: Key) -> StoreError {
        StoreError(.notFound, "there is no object \"\(key)\"")
    }

    /// What a storage says where an object of that key, but of another size, stands.
    package static func otherSize(_ key: Key, found: Int64, wanted: Int64) -> StoreError {
        StoreError(.corrupt, "the object \"\(key)\" has \(found) bytes instead of \(wanted)")
    }

    /// What a storage says to whoever writes a record that is not, or no longer, what he expected.
    package static func lost(_ key: Key) -> StoreError {
        StoreError(.preconditionFailed, "the record \"\(key)\" is not what the writer expected")
    }

    /// What a storage says of bytes that are too many for a record.
    package static func tooLarge(_ key: Key) -> StoreError {
        StoreError(.invalidArgument, "the record \"\(key)\" would be larger than \(Record.maximumBytes) bytes")
    }
}
