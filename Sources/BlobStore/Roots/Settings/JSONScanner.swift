internal import FoundationEssentials

/// Reads JSON that a person wrote, to the letter, and stops at the first place where it is none. The decoder lets a
/// comma before a bracket pass, and the second of two values for a key.
///
/// - Source: RFC 8259.
struct JSONScanner {
    private static let maximumDepth = 512
    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // What some editors put first, which a reader may pass over.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The members of the object that a text is.
    static func members(of bytes: [UInt8]) throws(JSONFlaw) -> [JSONMember] {
        if let flaw = JSONFlaw(ofUTF8In: bytes) { throw flaw }
        var scanner = JSONScanner(bytes)
        scanner.skipWhite()
        guard scanner.peek == UInt8(ascii: "{") else { throw scanner.flaw("an object in braces { } is missing") }
        let members = try scanner.scanObject(depth: 0)
        scanner.skipWhite()
        if scanner.peek != nil { throw scanner.flaw("nothing may follow the closing brace") }
        return members
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func flaw(_ what: String, at position: Int? = nil) -> JSONFlaw {
        JSONFlaw(what, at: position ?? self.position, in: bytes)
    }

    private mutating func skipWhite() {
        while let byte = peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }
}

// Values that hold others.
extension JSONScanner {
    private mutating func scanObject(depth: Int) throws(JSONFlaw) -> [JSONMember] {
        var members: [JSONMember] = []
        var keys: Set<String> = []
        try scanList("}") { (scanner) throws(JSONFlaw) in
            let member = try scanner.scanMember(depth)
            guard keys.insert(member.key.content).inserted else {
                throw scanner.flaw("the key appears twice", at: member.key.position)
            }
            members.append(member)
        }
        return members
    }

    private mutating func scanMember(_ depth: Int) throws(JSONFlaw) -> JSONMember {
        let start = position
        guard peek == UInt8(ascii: "\"") else { throw flaw("a key in quotation marks is missing") }
        let key = JSONMember.Located(content: try scanText(), position: start)
        skipWhite()
        guard take(UInt8(ascii: ":")) else { throw flaw("a colon is missing after the key") }
        skipWhite()
        let place = position
        return JSONMember(key: key, value: .init(content: try scanValue(depth + 1), position: place))
    }

    private mutating func scanList(
        _ end: Unicode.Scalar, _ element: (inout JSONScanner) throws(JSONFlaw) -> Void
    ) throws(JSONFlaw) {
        let end = UInt8(ascii: end)
        position += 1
        skipWhite()
        if take(end) { return }
        while true {
            try element(&self)
            skipWhite()
            if take(end) { return }
            let comma = position
            guard take(UInt8(ascii: ",")) else { throw flaw("a comma or \(Unicode.Scalar(end)) is missing") }
            skipWhite()
            if peek == end { throw flaw("no comma may stand before \(Unicode.Scalar(end))", at: comma) }
        }
    }

    private mutating func scanValue(_ depth: Int) throws(JSONFlaw) -> JSONMember.Value {
        guard depth < Self.maximumDepth else { throw flaw("this is nested too deeply") }
        guard let byte = peek else { throw flaw("a value is missing") }
        switch byte {
        case UInt8(ascii: "{"):
            _ = try scanObject(depth: depth)
            return .noText("an object")
        case UInt8(ascii: "["):
            try scanList("]") { (scanner) throws(JSONFlaw) in _ = try scanner.scanValue(depth + 1) }
            return .noText("a list")
        case UInt8(ascii: "\""): return .text(try scanText())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try scanNumber()
            return .noText("a number")
        default: return .noText(try scanWord())
        }
    }
}

// Values that hold no others.
extension JSONScanner {
    private mutating func scanWord() throws(JSONFlaw) -> String {
        for word in ["true", "false", "null"] where bytes[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return word
        }
        throw flaw("this is not a value; put text in quotation marks")
    }

    private mutating func scanText() throws(JSONFlaw) -> String {
        let start = position
        position += 1
        while let byte = peek, byte >= 0x20 {
            position += 1
            // The end may come behind it.
            if byte == UInt8(ascii: "\\"), peek != nil { position += 1 }
            if byte == UInt8(ascii: "\"") { return try text(start) }
        }
        throw flaw("the closing quotation mark is missing")
    }

    private func text(_ start: Int) throws(JSONFlaw) -> String {
        do { return try JSONDecoder().decode(String.self, from: Data(bytes[start..<position])) } catch {
            throw flaw("the text has a backslash that escapes nothing; write \\\\ for a backslash", at: start)
        }
    }

    private mutating func scanNumber() throws(JSONFlaw) {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let isWhole = take(UInt8(ascii: "0")) || scanDigits()
        var isNumber = isWhole
        if take(UInt8(ascii: ".")) { isNumber = scanDigits() && isNumber }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            isNumber = scanDigits() && isNumber
        }
        if !isNumber { throw flaw("this is not a number", at: start) }
    }

    private mutating func scanDigits() -> Bool {
        let start = position
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        return position > start
    }
}

/// A key and its value in a JSON object, with where each stands.
struct JSONMember: Sendable {
    /// As far as it is told apart here.
    enum Value: Sendable, Equatable {
        case text(String)
        /// Anything else, as it is called in a sentence: `a number`.
        case noText(String)
    }

    /// Something, and how many bytes stand before it.
    struct Located<Content: Sendable>: Sendable {
        let content: Content
        let position: Int
    }

    let key: Located<String>
    let value: Located<Value>
}

/// What is wrong with a JSON text, and where, for a person who has to mend it: the decoder does not say.
struct JSONFlaw: Error, Equatable {
    /// From 1; the column counts characters (Unicode scalars), as editors do.
    let line: Int
    let column: Int
    /// A part of a sentence, e.g. `a comma or } is missing`.
    let what: String

    /// - Parameter position: how many bytes stand before it.
    init(_ what: String, at position: Int, in bytes: [UInt8]) {
        let before = bytes[..<max(0, min(position, bytes.count))]
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        self.what = what
        line = before.count { $0 == UInt8(ascii: "\n") } + 1
        column = before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
    }

    /// The first bytes that are no UTF-8; nil where all are.
    init?(ofUTF8In bytes: [UInt8]) {
        var parser = Unicode.UTF8.ForwardParser()
        var rest = bytes.makeIterator()
        var position = 0
        while true {
            switch parser.parseScalar(from: &rest) {
            case .valid(let scalar): position += scalar.count
            case .error:
                self.init("this is not UTF-8; save the file as UTF-8", at: position, in: bytes)
                return
            case .emptyInput: return nil
            }
        }
    }
}
