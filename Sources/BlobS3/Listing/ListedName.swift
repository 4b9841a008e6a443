internal import BlobHTTP
internal import ObjectStorage

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
    /// - Parameters:
    ///   - prefix: the root's, which the names are told without.
    ///   - folder: what was asked for, in the root.
    func names(below prefix: String, in folder: String) throws(StoreError) -> [ListedName] {
        let asked = prefix + folder
        guard objects.allSatisfy({ $0.key.utf8.starts(with: asked.utf8) }), prefixes.allSatisfy({ isFolder($0, asked) })
        else { throw StoreError(.failed, "the server lists names that were not asked for") }
        var names: [ListedName] = []
        names.reserveCapacity(objects.count + prefixes.count)
        for object in objects { names.append(ListedName(text: own(object.key, prefix), object: object)) }
        for folder in prefixes { names.append(ListedName(text: own(folder, prefix))) }
        return names
    }

    /// A folder that would hold itself would be gone into without end.
    private func isFolder(_ name: String, _ asked: String) -> Bool {
        name.utf8.starts(with: asked.utf8) && name.utf8.count > asked.utf8.count && name.hasSuffix("/")
    }

    private func own(_ name: String, _ prefix: String) -> String {
        String(Substring(name.utf8.dropFirst(prefix.utf8.count)))
    }
}

/// Turns names into entries, in the order in which they are given.
struct ListedEntries: Sendable {
    private var lastForeign: String?

    /// Nil for what is not told: probes, and foreign names of which the folder was told already.
    mutating func entry(_ name: ListedName, _ time: AnswerTime) -> ListEntry? {
        if name.text.isEmpty || name.text.utf8.starts(with: CapabilityProbe.folder.utf8) { return nil }
        guard let object = name.object else {
            if let folder = try? KeyPrefix(name.text) { return .folder(folder) }
            return foreign(name.text)
        }
        guard let key = try? Key(name.text) else { return foreign(name.text, isEmpty: object.size == 0) }
        return .key(key, ObjectInfo(size: object.size, age: time.age(of: object.modified), listedMD5: object.md5))
    }

    /// What no storage wrote: told once up to the first segment that cannot be a key's, and not gone into.
    /// - Parameter isEmpty: whether it is an object of no bytes: one with a slash at its end stands for a folder, as
    ///   consoles and desktop programs make it.
    private mutating func foreign(_ text: String, isEmpty: Bool = false) -> ListEntry? {
        var path = ""
        var name: Substring = ""
        var isFolder = false
        for segment in text.split(separator: "/", omittingEmptySubsequences: false) {
            let isLast = path.utf8.count + segment.utf8.count == text.utf8.count
            path += segment
            (name, isFolder) = (segment, !isLast)
            if !isLast { path += "/" }
            if isLast || (try? KeyPrefix(path)) == nil { break }
        }
        if path == lastForeign { return nil }
        lastForeign = path
        let isLitter = name.isEmpty ? isEmpty : Litter.isName(name, isFolder: isFolder)
        return .foreign(path, isLitter ? .litter : isFolder ? .folder : .name)
    }
}
