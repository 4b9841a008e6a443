/// Tells code from comments and text in quotes, well enough for a scan.
struct SwiftText {
    private let bytes: [UInt8]
    private var position = 0
    /// The source with everything that is no code replaced by nothing, but for the ends of lines.
    private(set) var code: [UInt8] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        code.reserveCapacity(bytes.count)
        while position < bytes.count { step(keeping: true) }
    }

    private func isAt(_ text: StaticString) -> Bool {
        guard position + text.utf8CodeUnitCount <= bytes.count else { return false }
        return text.withUTF8Buffer { wanted in
            for index in wanted.indices where bytes[position + index] != wanted[index] { return false }
            return true
        }
    }

    /// Passes one byte of code, one comment or one string.
    private mutating func step(keeping: Bool) {
        if isAt("//") {
            while position < bytes.count && bytes[position] != UInt8(ascii: "\n") { position += 1 }
        } else if isAt("/*") {
            skipBlockComment()
        } else if let hashes = quoteAhead() {
            skipString(hashes)
        } else {
            take(keeping)
        }
    }

    private mutating func take(_ isKept: Bool) {
        let byte = bytes[position]
        if isKept || byte == UInt8(ascii: "\n") { code.append(byte) }
        position += 1
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if isAt("/*") {
                depth += 1; position += 2
            } else if isAt("*/") {
                depth -= 1; position += 2
            } else {
                take(false)
            }
        } while depth > 0 && position < bytes.count
    }

    /// How many `#` stand before the quote that begins here; nil when no string does.
    private func quoteAhead() -> Int? {
        var index = position
        while index < bytes.count && bytes[index] == UInt8(ascii: "#") { index += 1 }
        return index < bytes.count && bytes[index] == UInt8(ascii: "\"") ? index - position : nil
    }

    private mutating func skipString(_ hashes: Int) {
        position += hashes
        let isLong = isAt("\"\"\"")
        position += isLong ? 3 : 1
        code.append(UInt8(ascii: "\""))
        while position < bytes.count {
            if endsString(hashes, isLong) { break }
            if bytes[position] == UInt8(ascii: "\\") && hasHashes(hashes, after: 1) {
                position += 1 + hashes
                if isAt("(") { skipInterpolation() } else if position < bytes.count { take(false) }
            } else {
                take(false)
            }
        }
        code.append(UInt8(ascii: "\""))
    }

    private mutating func endsString(_ hashes: Int, _ isLong: Bool) -> Bool {
        let length = isLong ? 3 : 1
        guard isLong ? isAt("\"\"\"") : isAt("\""), hasHashes(hashes, after: length) else { return false }
        position += length + hashes
        return true
    }

    private func hasHashes(_ count: Int, after offset: Int) -> Bool {
        (0..<count).allSatisfy {
            position + offset + $0 < bytes.count && bytes[position + offset + $0] == UInt8(ascii: "#")
        }
    }

    /// What stands in an interpolation is left out as well.
    private mutating func skipInterpolation() {
        let begin = code.count
        var depth = 0
        repeat {
            if isAt("(") { depth += 1 }
            if isAt(")") { depth -= 1 }
            step(keeping: false)
        } while depth > 0 && position < bytes.count
        let lineEnds = code[begin...].filter { $0 == UInt8(ascii: "\n") }
        code.replaceSubrange(begin..., with: lineEnds)
    }
}
