internal import BlobSystem
internal import ObjectStorage

/// The names in a folder, sorted as keys are: a folder's by its name with a `/`, the folder `K~` of a record by `K`.
///
/// *Bounds*: of a folder with millions of names only the smallest are kept, some 12 MiB of them, in one packed
/// piece of memory; when they are used up the folder is read again for the next.
struct FolderNames: Sendable {
    enum Kind: UInt8, Sendable {
        case file, generations, folder
        case oddName, oddFile, oddFolder, litter
    }

    /// Where a folder's listing begins, in the order of sort keys.
    struct Bound: Sendable {
        var key: [UInt8] = []
        var isInclusive = true
    }

    private struct Entry {
        /// The first eight bytes of the sort key, so that most comparisons need no look at the rest.
        var head: UInt64
        var offset: UInt32
        var length: UInt16
        var kind: Kind
    }

    private static let keptBytes = 12 << 20
    private static let trimmedAtBytes = 24 << 20

    private var bytes: [UInt8] = []
    private var entries: [Entry] = []
    private var next = 0
    /// Whether names after the kept ones were left out.
    private(set) var isCut = false
    /// What is not smaller than this is left out.
    private var ceiling: [UInt8]?
    private let bound: Bound

    init(after bound: Bound) { self.bound = bound }

    /// The smallest name that was not yet taken: its sort key and what it is.
    mutating func pop() -> (key: ArraySlice<UInt8>, kind: Kind)? {
        guard next < entries.count else { return nil }
        let entry = entries[next]
        next += 1
        return (key(of: entry), entry.kind)
    }

    /// Whether the next name is `K~` of the record that was just taken.
    mutating func skipGenerations(of key: ArraySlice<UInt8>) {
        while next < entries.count, entries[next].kind == .generations, self.key(of: entries[next]) == key { next += 1 }
    }

    private func key(of entry: Entry) -> ArraySlice<UInt8> {
        bytes[Int(entry.offset)..<Int(entry.offset) + Int(entry.length)]
    }

    /// Adds a name, unless it is out of bounds. `suffix` is the `/` of a folder.
    mutating func add(_ name: UnsafeRawBufferPointer, _ kind: Kind) {
        let slash = UInt8(ascii: "/")
        let start = bytes.count
        bytes.append(contentsOf: name)
        if kind == .folder { bytes.append(slash) }
        let isWanted = bytes.withUnsafeBytes { all -> Bool in
            let key = UnsafeRawBufferPointer(rebasing: all[start...])
            return isAfterBound(key) && isBelowCeiling(key)
        }
        guard isWanted, let length = UInt16(exactly: bytes.count - start) else {
            bytes.removeLast(bytes.count - start)
            return
        }
        let head = bytes.withUnsafeBytes { Self.head(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        entries.append(Entry(head: head, offset: UInt32(start), length: length, kind: kind))
        if bytes.count > Self.trimmedAtBytes { trim() }
    }

    private func isAfterBound(_ key: UnsafeRawBufferPointer) -> Bool {
        if bound.key.isEmpty { return true }
        let comparison = bound.key.withUnsafeBytes { order(key, $0) }
        return comparison > 0 || comparison == 0 && bound.isInclusive
    }

    private func isBelowCeiling(_ key: UnsafeRawBufferPointer) -> Bool {
        guard let ceiling else { return true }
        return ceiling.withUnsafeBytes { order(key, $0) < 0 }
    }

    mutating func sort() {
        bytes.withUnsafeBytes { all in
            entries.sort { left, right in
                if left.head != right.head { return left.head < right.head }
                let comparison = order(
                    UnsafeRawBufferPointer(rebasing: all[Int(left.offset)..<Int(left.offset) + Int(left.length)]),
                    UnsafeRawBufferPointer(rebasing: all[Int(right.offset)..<Int(right.offset) + Int(right.length)]))
                return comparison == 0 ? left.kind.rawValue < right.kind.rawValue : comparison < 0
            }
        }
    }

    /// Keeps the smaller half.
    private mutating func trim() {
        sort()
        var kept: [UInt8] = []
        kept.reserveCapacity(Self.trimmedAtBytes)
        var count = 0
        while count < entries.count, kept.count < Self.keptBytes {
            let key = key(of: entries[count])
            entries[count].offset = UInt32(kept.count)
            kept += key
            count += 1
        }
        ceiling = count < entries.count ? Array(key(of: entries[count])) : ceiling
        entries.removeLast(entries.count - count)
        bytes = kept
        isCut = true
    }

    private static func head(_ key: UnsafeRawBufferPointer) -> UInt64 {
        if key.count >= 8 { return UInt64(bigEndian: key.loadUnaligned(as: UInt64.self)) }
        var head: UInt64 = 0
        for index in 0..<8 { head = head << 8 | (index < key.count ? UInt64(key[index]) : 0) }
        return head
    }
}

// MARK: - Scanning a folder

extension FolderNames {
    private static let bufferSizeBytes = 1 << 18
    private static let smallBufferSizeBytes = 1 << 15
    private static let hidden = Array(Litter.silly.utf8)

    /// The names of a folder that was opened just now, from the bound on.
    /// - Parameters:
    ///   - prefix: the folder's path, empty for the root.
    ///   - isAgain: whether it is read again, and so is large.
    init(of folder: OpenFile, _ prefix: String, from bound: Bound, isAgain: Bool) throws(StoreError) {
        self.init(after: bound)
        let room = Key.maximumBytes - prefix.utf8.count
        var failure: StoreError?
        let size = isAgain ? Self.bufferSizeBytes : Self.smallBufferSizeBytes
        try folder.names(bufferSizeBytes: size) { entry in
            if failure != nil || entry.name.starts(with: Self.hidden) { return }
            do throws(StoreError) {
                var kind = entry.kind
                if kind == nil { kind = try Self.kind(of: entry.name, in: folder) }
                guard let kind else { return }
                classify(entry.name, kind, room: room, isRoot: prefix.isEmpty)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        sort()
    }

    /// Where a filesystem does not say what its names are, each is asked for; nil when it is gone.
    private static func kind(
        of name: UnsafeRawBufferPointer, in folder: OpenFile
    ) throws(StoreError) -> FileStatus.Kind? {
        guard let text = String(validating: name, as: UTF8.self) else { return .other }
        do { return try folder.calls.status(of: text, in: folder.raw).kind } catch {
            if error == .notFound { return nil }
            throw StoreError(error, call: "fstatat", folder.subject + "/" + text)
        }
    }

    private mutating func classify(
        _ name: UnsafeRawBufferPointer, _ kind: FileStatus.Kind, room: Int, isRoot: Bool
    ) {
        switch kind {
        case .file:
            let isKey = name.count <= room && Key.isSegment(name, isLast: true)
            add(name, isKey ? .file : Self.oddity(of: name, .oddName))
        case .directory:
            if isRoot && name.elementsEqual(Staging.name.utf8) { return }
            if isRoot && Self.isAtTop(name) { return add(name, .litter) }
            if let record = Self.record(ofGenerations: name) { return add(record, .generations) }
            let isFolder = name.count + 2 <= room && Key.isSegment(name, isLast: false)
            add(name, isFolder ? .folder : Self.oddity(of: name, .oddFolder))
        case .symbolicLink, .pipe, .device, .socket, .other:
            add(name, .oddFile)
        }
    }

    /// Litter, or else what it is said to be.
    private static func oddity(of name: UnsafeRawBufferPointer, _ kind: Kind) -> Kind {
        Litter.isName(String(decoding: name, as: UTF8.self), isFolder: kind == .oddFolder) ? .litter : kind
    }

    private static func isAtTop(_ name: UnsafeRawBufferPointer) -> Bool {
        Litter.isAtTop(String(decoding: name, as: UTF8.self))
    }

    /// `K` of a folder `K~`.
    private static func record(ofGenerations name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard name.last == UInt8(ascii: "~") else { return nil }
        let record = UnsafeRawBufferPointer(rebasing: name.dropLast())
        // What is a key's name but not a folder's ends like a record.
        return Key.isSegment(record, isLast: true) && !Key.isSegment(record, isLast: false) ? record : nil
    }
}

/// The order of two keys' bytes: negative, zero or positive.
private func order(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    for index in 0..<min(left.count, right.count) where left[index] != right[index] {
        return left[index] < right[index] ? -1 : 1
    }
    return left.count - right.count
}
