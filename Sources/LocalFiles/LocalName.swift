/// The name of something on this machine, as a path from somewhere: bytes, nearly always UTF-8.
public struct LocalName: Hashable, Sendable {
    /// The name's bytes, which need not be UTF-8.
    public let bytes: [UInt8]

    /// A name in UTF-8.
    public init(_ text: String) { bytes = Array(text.utf8) }

    /// A name of any bytes.
    public init(bytes: [UInt8]) { self.bytes = bytes }

    /// The name as text; nil when it is no valid UTF-8, and so no package's.
    public var text: String? { String(validating: bytes, as: UTF8.self) }

    /// Whether it stands for a folder with all that is below it.
    package var isFolder: Bool { bytes.last == UInt8(ascii: "/") }

    /// The parts that are UTF-8, and the bytes between them that are not.
    package var parts: [Part] {
        var parts: [Part] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            var end = rest.endIndex
            while end > rest.startIndex, String(validating: rest[..<end], as: UTF8.self) == nil { end -= 1 }
            if let text = String(validating: rest[..<end], as: UTF8.self), !text.isEmpty {
                parts.append(.text(text))
                rest = rest[end...]
            }
            if let odd = rest.popFirst() { parts.append(.byte(odd)) }
        }
        return parts
    }

    /// A part of a name.
    package enum Part: Sendable {
        case text(String)
        /// A byte that is part of no UTF-8.
        case byte(UInt8)
    }
}

extension LocalName: CustomStringConvertible {
    /// The name for people: bytes that are no UTF-8 as `\xff`.
    public var description: String {
        text
            ?? parts.map { part in
                switch part {
                case .text(let text): text
                case .byte(let byte): byte.escaped
                }
            }.joined()
    }
}

extension UInt8 {
    /// As `\xff`; two digits.
    package var escaped: String { (self < 16 ? "\\x0" : "\\x") + String(self, radix: 16) }
}

/// Some of a tree's names: files, and folders with all that is below them.
package struct LocalSelection: Sendable {
    private let names: Set<LocalName>

    package init(_ names: some Sequence<LocalName>) { self.names = Set(names) }

    /// The listed name that takes a name in: itself, or the outermost folder above it.
    package func listing(_ name: LocalName) -> LocalName? {
        for (index, byte) in name.bytes.enumerated() where byte == UInt8(ascii: "/") {
            for length in [index, index + 1] {
                let above = LocalName(bytes: Array(name.bytes[..<length]))
                if names.contains(above) { return above }
            }
        }
        return names.contains(name) ? name : nil
    }

    /// The listed names that no other takes in, in the order of their bytes.
    package var outermost: [LocalName] {
        names.filter { listing($0) == $0 }.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }
}
