internal import BlobStore
internal import BlobSystem

/// The names in a folder, sorted as keys are: a folder's by its name with a `/`, the folder `K~` of a record by `K`.
///
/// *Bounds*: of a folder with millions of names only the smallest are kept, some 12 MiB of them, in one packed
/// piece of memory; when they are used up the folder is read again for the next.
struct FolderNames: Sendable {
    enum Kind: UInt8, Sendable {
        case file, generations, folder
        case oddName, oddFile
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

/// The order of two keys' bytes: negative, zero or positive.
private func order(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    for index in 0..<min(left.count, right.count) where left[index] != right[index] {
        return left[index] < right[index] ? -1 : 1
    }
    return left.count - right.count
}
