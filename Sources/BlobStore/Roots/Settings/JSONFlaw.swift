/// What is wrong with a JSON text, and where, for a person who has to mend it: the decoder does not say.
struct JSONFlaw: Error, Equatable {
    /// From 1; the column counts characters (Unicode scalars), as editors do.
    let line: Int
    let column: Int
    /// A part of a sentence, e.g. `a comma or } is missing`.
    let what: String

    /// - Parameter position: how many bytes stand before it.
    init(_ what: String, at position: Int, in bytes: [UInt8]) {
        let before = bytes[..<position]
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
                self.init("this is no UTF-8: save the file in UTF-8", at: position, in: bytes)
                return
            case .emptyInput: return nil
            }
        }
    }
}
