internal import BlobStore

/// A number of bytes as people write and read it: `50MB` is 50 × 10^6, `50MiB` is 50 × 2^20.
public struct ByteSize: Sendable, Hashable {
    /// In bytes.
    public let bytes: Int64

    /// A size in bytes.
    public init(bytes: Int64) {
        self.bytes = bytes
    }

    /// Reads `512`, `512B`, `50MB`, `1.5GiB`, …; the case of the letters does not matter.
    /// - Throws: what is wrong with it; a bare `50M` is refused, since it is read both ways.
    public init(writtenAs text: String) throws(SyntaxError) {
        if text.hasPrefix("-") { throw SyntaxError("the size \"\(text)\" is negative; write it as 50MB or 50MiB") }
        let number = text.prefix { ($0.isASCII && $0.isNumber) || $0 == "." }
        guard let value = Double(number), value.isFinite, let first = number.first, first != "." else {
            throw SyntaxError("\"\(text)\" is not a size; write it as 50MB (10^6) or 50MiB (2^20)")
        }
        guard let unit = Self.units[text.dropFirst(number.count).lowercased()] else {
            throw SyntaxError("\"\(text)\" is not a size; the unit must be B, kB, MB, GB, TB, KiB, MiB, GiB or TiB")
        }
        let product = (value * unit).rounded()
        guard product < 9e18 else { throw SyntaxError("the size \"\(text)\" is too large") }
        // A whole number is multiplied as one, so that not even the last byte of it depends on rounding.
        bytes = Int64(number).map { $0 * Int64(unit) } ?? Int64(product)
    }

    private static let units: [String: Double] = [
        "": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
        "kib": 1_024, "mib": 1_048_576, "gib": 1_073_741_824, "tib": 1_099_511_627_776,
    ]
}

extension ByteSize {
    /// For people, in powers of ten: `999 B`, `1.2 kB`, `12.3 MB`.
    public var human: String { bytes.asSize }
}

/// A number of bytes a second.
public struct ByteRate: Sendable, Hashable {
    /// In bytes per second.
    public let bytesPerSecond: Int64

    /// A size in bytes.
    public init(bytesPerSecond: Int64) {
        self.bytesPerSecond = bytesPerSecond
    }

    /// Reads a size, with or without `/s` behind it.
    /// - Throws: what is wrong with it; also for a rate of 0, at which nothing would ever move.
    public init(writtenAs text: String) throws(SyntaxError) {
        let size = try ByteSize(writtenAs: text.hasSuffix("/s") ? String(text.dropLast(2)) : text)
        guard size.bytes > 0 else { throw SyntaxError("the rate \"\(text)\" is zero, so nothing would ever move") }
        bytesPerSecond = size.bytes
    }

    /// The rate as a person reads it.
    public var human: String { ByteSize(bytes: bytesPerSecond).human + "/s" }
}
