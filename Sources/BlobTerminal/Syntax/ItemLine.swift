internal import BlobCrypto
internal import BlobStore
internal import FoundationEssentials
public import LocalFiles

/// A name as one line: in lists of items, as `--failed` writes and `--only` reads them, and in results for people.
///
/// A name that has control characters, begins with a quotation mark or is no UTF-8 stands as a JSON string, in which
/// `\xff` stands for a byte that is part of no UTF-8. So no two names have one line, and each line says its name.
public enum ItemLine {
    private static let mark = UInt8(ascii: "\"")

    /// A name as a line.
    public static func text(_ name: LocalName) -> String {
        name.text.map(text) ?? quoted(name)
    }

    /// A name that is text, as a line.
    static func text(_ name: String) -> String {
        name.utf8.first != mark && name.printable == name ? name : quoted(LocalName(name))
    }

    /// A name as a JSON string.
    static func quoted(_ name: LocalName) -> String {
        let content = name.parts.map { part in
            switch part {
            case .byte(let byte): return byte.escaped
            case .text(let text):
                var quoted = ""
                LineValue.string(text).write(to: &quoted)
                // Scalars, not characters: a mark that combines would be one character with the quotation mark.
                return String(String.UnicodeScalarView(quoted.unicodeScalars.dropFirst().dropLast()))
            }
        }
        return "\"\(content.joined())\""
    }

    /// The name that a line says; nil when it is a broken string.
    public static func name(_ line: ArraySlice<UInt8>) -> LocalName? {
        guard line.first == mark else { return LocalName(bytes: Array(line)) }
        guard line.count > 1, line.last == mark else { return nil }
        var bytes: [UInt8] = []
        var piece: [UInt8] = []
        var rest = line.dropFirst().dropLast()
        while let byte = rest.popFirst() {
            piece.append(byte)
            guard byte == UInt8(ascii: "\\"), let kind = rest.popFirst() else { continue }
            piece.append(kind)
            guard kind == UInt8(ascii: "x") else { continue }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let odd = Hex.byte(high, low, takesCapitals: true), let text = text(piece.dropLast(2))
            else { return nil }
            bytes += text + [odd]
            piece = []
        }
        return text(piece[...]).map { LocalName(bytes: bytes + $0) }
    }

    /// What a JSON string says whose quotation marks were taken off.
    private static func text(_ content: ArraySlice<UInt8>) -> [UInt8]? {
        return (try? JSONDecoder().decode(String.self, from: Data([mark] + content + [mark]))).map { Array($0.utf8) }
    }
}

extension String {
    /// A path in a result for people: as ``ItemLine`` has it, so that no two paths look alike.
    /// - Parameter ending: what may follow it on its line; a path that ends so is quoted.
    public func named(before ending: String? = nil) -> String {
        if let ending, hasSuffix(ending) { return ItemLine.quoted(LocalName(self)) }
        return ItemLine.text(self)
    }
}
