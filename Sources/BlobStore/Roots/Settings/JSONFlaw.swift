/// Where a text stops being JSON, for a person who has to mend it: the decoder does not say.
///
/// - Source: RFC 8259.
struct JSONFlaw: Equatable, Sendable {
    /// From 1; the column counts bytes.
    let line: Int
    let column: Int

    /// Nil when the text is JSON.
    init?(in bytes: [UInt8]) {
        var scanner = Scanner(bytes)
        if scanner.scanValue(depth: 0), scanner.isAtEnd { return nil }
        let before = bytes[..<scanner.position]
        line = before.count { $0 == UInt8(ascii: "\n") } + 1
        column = before.count - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0) + 1
    }

    /// Stops at the first byte that no JSON has there.
    private struct Scanner {
        private static let maximumDepth = 512
        private let bytes: [UInt8]
        private(set) var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        /// Skips what is white, and tells whether nothing follows.
        var isAtEnd: Bool {
            mutating get {
                skipWhite()
                return position == bytes.count
            }
        }

        mutating func scanValue(depth: Int) -> Bool {
            skipWhite()
            guard depth < Self.maximumDepth, let byte = peek else { return false }
            switch byte {
            case UInt8(ascii: "{"): return scanList("}", depth) { $0.scanMember(depth) }
            case UInt8(ascii: "["): return scanList("]", depth) { $0.scanValue(depth: depth + 1) }
            case UInt8(ascii: "\""): return scanString()
            case UInt8(ascii: "t"): return scan("true")
            case UInt8(ascii: "f"): return scan("false")
            case UInt8(ascii: "n"): return scan("null")
            default: return scanNumber()
            }
        }

        private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

        private mutating func skipWhite() {
            while let byte = peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
        }

        private mutating func take(_ byte: Unicode.Scalar) -> Bool {
            guard let found = peek, UInt32(found) == byte.value else { return false }
            position += 1
            return true
        }

        private mutating func scan(_ word: String) -> Bool { word.unicodeScalars.allSatisfy { take($0) } }

        private mutating func scanList(
            _ end: Unicode.Scalar, _ depth: Int, _ element: (inout Scanner) -> Bool
        ) -> Bool {
            position += 1
            skipWhite()
            if take(end) { return true }
            while element(&self) {
                skipWhite()
                if take(end) { return true }
                if !take(",") { return false }
            }
            return false
        }

        private mutating func scanMember(_ depth: Int) -> Bool {
            skipWhite()
            guard scanString() else { return false }
            skipWhite()
            return take(":") && scanValue(depth: depth + 1)
        }

        private mutating func scanString() -> Bool {
            guard take("\"") else { return false }
            while let byte = peek, byte >= 0x20 {
                position += 1
                if byte == UInt8(ascii: "\"") { return true }
                if byte == UInt8(ascii: "\\"), !scanEscape() { return false }
            }
            return false
        }

        private mutating func scanEscape() -> Bool {
            guard let byte = peek, "\"\\/bfnrtu".utf8.contains(byte) else { return false }
            position += 1
            guard byte == UInt8(ascii: "u") else { return true }
            for _ in 0..<4 {
                guard let digit = peek, UInt8(Substring(decoding: [digit], as: UTF8.self), radix: 16) != nil else {
                    return false
                }
                position += 1
            }
            return true
        }

        private mutating func scanNumber() -> Bool {
            _ = take("-")
            guard scanDigits() else { return false }
            if take("."), !scanDigits() { return false }
            if take("e") || take("E") {
                if !take("+") { _ = take("-") }
                return scanDigits()
            }
            return true
        }

        private mutating func scanDigits() -> Bool {
            let start = position
            while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
            return position > start
        }
    }
}
