/// What a memory storage holds, and the rules by which it changes; one caller at a time.
struct MemoryShelf {
    struct Object {
        var bytes: [UInt8]
        var writtenAt: Duration
    }

    struct Upload {
        var bytes: [UInt8] = []
        var grewAt: Duration
    }

    private(set) var objects: [Key: Object] = [:]
    private(set) var records: [Key: Record] = [:]
    private(set) var recordsWrittenAt: [Key: Duration] = [:]
    /// Both kinds of keys, in key order.
    private(set) var names: [Key] = []
    var uploads: [String: Upload] = [:]
    private var lastToken: UInt64 = 0

    /// Numbers versions and uploads; none is given twice.
    mutating func nextToken() -> String {
        lastToken += 1
        return String(lastToken)
    }

    mutating func put(_ key: Key, _ bytes: [UInt8], at now: Duration) throws(StoreError) -> CommitOutcome {
        if let there = objects[key] {
            guard there.bytes.count == bytes.count else {
                throw .otherSize(key, found: Int64(there.bytes.count), wanted: Int64(bytes.count))
            }
            objects[key]?.writtenAt = now
            return .present
        }
        objects[key] = Object(bytes: bytes, writtenAt: now)
        enter(key)
        return .created
    }

    /// - Returns: whether an object of that size is there.
    mutating func refresh(_ key: Key, size: Int64, at now: Duration) -> Bool {
        guard let there = objects[key], Int64(there.bytes.count) == size else { return false }
        objects[key]?.writtenAt = now
        return true
    }

    mutating func move(_ key: Key, to destination: Key) throws(StoreError) {
        guard let object = objects[key] else { throw .missing(key) }
        if objects[destination] != nil {
            throw StoreError(.alreadyExists, "an object \"\(destination)\" already exists")
        }
        objects[destination] = object
        enter(destination)
        removeObject(key)
    }

    mutating func removeObject(_ key: Key) {
        if objects.removeValue(forKey: key) != nil { leave(key) }
    }

    mutating func write(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation, at now: Duration
    ) throws(StoreError) -> Record.Version {
        let found = records[key]?.version
        let expected: Record.Version? = if case .version(let version) = expecting { version } else { nil }
        guard found == expected else {
            throw .lost(key)
        }
        let version = Record.Version(token: nextToken())
        records[key] = Record(bytes: bytes, version: version)
        recordsWrittenAt[key] = now
        if found == nil { enter(key) }
        return version
    }

    mutating func removeRecord(_ key: Key) {
        recordsWrittenAt[key] = nil
        if records.removeValue(forKey: key) != nil { leave(key) }
    }

    /// Index of the first name that is not before `text` in key order.
    func firstIndex(notBefore text: String) -> Int {
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            if names[middle].text.utf8.lexicographicallyPrecedes(text.utf8) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func enter(_ key: Key) {
        names.insert(key, at: firstIndex(notBefore: key.text))
    }

    private mutating func leave(_ key: Key) {
        let index = firstIndex(notBefore: key.text)
        if index < names.count, names[index] == key { names.remove(at: index) }
    }
}
