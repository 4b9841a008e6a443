internal import BlobStore

/// A name in a listing, without the root's prefix.
struct ListedName: Sendable, Comparable {
    let text: String
    /// Nil for a folder.
    var object: ObjectListingAnswer.Object?

    static func < (left: ListedName, right: ListedName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    static func == (left: ListedName, right: ListedName) -> Bool { left.text == right.text }
}

extension ObjectListingAnswer {
    /// Objects as they came, then folders.
    func names(below prefix: String) throws(StoreError) -> [ListedName] {
        var names: [ListedName] = []
        names.reserveCapacity(objects.count + prefixes.count)
        for object in objects { names.append(ListedName(text: try own(object.key, prefix), object: object)) }
        for folder in prefixes { names.append(ListedName(text: try own(folder, prefix))) }
        return names
    }

    private func own(_ name: String, _ prefix: String) throws(StoreError) -> String {
        guard name.utf8.starts(with: prefix.utf8) else {
            throw StoreError(.failed, "the server lists names that were not asked for")
        }
        return String(Substring(name.utf8.dropFirst(prefix.utf8.count)))
    }
}

/// Turns names into entries, in the order in which they are given.
struct ListedEntries: Sendable {
    private var lastForeign: String?

    /// Nil for what is not told: probes, and foreign names of which the folder was told already.
    mutating func entry(_ name: ListedName, _ now: UTCTime) -> ListEntry? {
        if name.text.isEmpty || name.text.utf8.starts(with: GuaranteeProbe.folder.utf8) { return nil }
        guard let object = name.object else {
            if let folder = try? KeyPrefix(name.text) { return .folder(folder) }
            return foreign(name.text)
        }
        guard let key = try? Key(name.text) else { return foreign(name.text) }
        return .key(key, ObjectInfo(size: object.size, age: object.modified.map { max(now.since($0), .zero) } ?? .zero))
    }

    /// What no storage wrote: told once up to the first segment that cannot be a key's, and not gone into.
    private mutating func foreign(_ text: String) -> ListEntry? {
        var path = ""
        for segment in text.split(separator: "/", omittingEmptySubsequences: false) {
            let isLast = path.utf8.count + segment.utf8.count == text.utf8.count
            path += segment
            if !isLast { path += "/" }
            if isLast || (try? KeyPrefix(path)) == nil { break }
        }
        if path == lastForeign { return nil }
        lastForeign = path
        return .foreign(path, .name)
    }
}
