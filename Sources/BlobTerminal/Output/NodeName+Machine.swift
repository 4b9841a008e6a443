public import BlobStore
internal import Glibc

extension NodeName {
    /// The name that this machine signs with: its host name, as far as a node may be called that.
    /// - Parameter prefix: what stands before it, e.g. `blobtool-`.
    /// - Throws: `invalidArgument` where nothing remains of the two.
    public static func ofThisMachine(prefix: String = "") throws(StoreError) -> NodeName {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return try NodeName(prefix + "node") }
        let host = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let name = String(decoding: host, as: UTF8.self).lowercased().map { character in
            character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
        }
        return try NodeName(String((prefix + String(name)).prefix(63)))
    }
}
