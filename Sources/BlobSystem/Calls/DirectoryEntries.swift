/// The names in a buffer that ``SystemCalls/readDirectory(_:into:)`` has filled; `.` and `..` are left out.
///
/// The names lie in the buffer and live as long as it is not filled again.
/// - Source: getdents64(2).
package struct DirectoryEntries: Sequence, IteratorProtocol {
    package struct Entry {
        /// The name's bytes; any but `/` and NUL.
        package let name: UnsafeRawBufferPointer
        /// What it is; nil when the filesystem does not say.
        package let kind: FileStatus.Kind?
    }

    private static let lengthOffset = 16
    private static let typeOffset = 18
    private static let nameOffset = 19
    private var rest: UnsafeRawBufferPointer

    package init(_ filled: UnsafeRawBufferPointer) { rest = filled }

    package mutating func next() -> Entry? {
        while rest.count > Self.nameOffset {
            let length = Int(rest.loadUnaligned(fromByteOffset: Self.lengthOffset, as: UInt16.self))
            guard length > Self.nameOffset, length <= rest.count else { return nil }
            let record = UnsafeRawBufferPointer(rebasing: rest[..<length])
            rest = UnsafeRawBufferPointer(rebasing: rest[length...])
            let padded = UnsafeRawBufferPointer(rebasing: record[Self.nameOffset...])
            let name = UnsafeRawBufferPointer(rebasing: padded[..<(padded.firstIndex(of: 0) ?? padded.count)])
            if Self.isDots(name) { continue }
            return Entry(name: name, kind: Self.kind(record[Self.typeOffset]))
        }
        return nil
    }

    private static func isDots(_ name: UnsafeRawBufferPointer) -> Bool {
        name.count <= 2 && name.allSatisfy { $0 == UInt8(ascii: ".") }
    }

    /// DT_UNKNOWN is 0, DT_FIFO 1, DT_CHR 2, DT_DIR 4, DT_BLK 6, DT_REG 8, DT_LNK 10, DT_SOCK 12.
    private static func kind(_ type: UInt8) -> FileStatus.Kind? {
        switch type {
        case 0: nil
        case 1: .pipe
        case 2, 6: .device
        case 4: .directory
        case 8: .file
        case 10: .symbolicLink
        case 12: .socket
        default: .other
        }
    }
}

extension DirectoryEntries {
    /// Puts an entry into `buffer` as the kernel would: for layers that stand in for it.
    /// - Returns: the bytes taken; nil when there is no room.
    package static func append(
        _ name: [UInt8], _ kind: FileStatus.Kind?, to buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) -> Int? {
        let length = (nameOffset + name.count + 1 + 7) / 8 * 8
        guard offset + length <= buffer.count else { return nil }
        let record = UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<offset + length])
        record.initializeMemory(as: UInt8.self, repeating: 0)
        record.storeBytes(of: UInt16(length), toByteOffset: lengthOffset, as: UInt16.self)
        record[typeOffset] =
            switch kind {
            case nil: 0
            case .directory: 4
            case .file: 8
            case .symbolicLink: 10
            case .pipe: 1
            case .device: 2
            case .socket: 12
            case .other: 14
            }
        for (index, byte) in name.enumerated() { record[nameOffset + index] = byte }
        return length
    }
}
