/// Scheme, host and port of a server in one way of writing: small letters, and no port that goes without saying.
///
/// Everything that is signed or sent is made from it, so that both are the same.
package struct ServerAddress: Sendable, Hashable {
    package let scheme: String
    /// A name, or an address; one of IPv6 in brackets.
    package let host: String
    /// Nil for the scheme's own.
    package let port: UInt16?

    /// Reads `scheme://host:port`; nil for anything else, and for what has more to it.
    package init?(_ text: String) {
        guard let mark = text.firstRange(of: "://") else { return nil }
        scheme = text[..<mark.lowerBound].lowercased()
        guard let usual: UInt16 = ["http": 80, "https": 443][scheme] else { return nil }
        var rest = text[mark.upperBound...]
        while rest.last == "/" { rest.removeLast() }
        guard let (host, port) = Self.parts(rest) else { return nil }
        self.host = host.lowercased()
        guard let port else {
            self.port = nil
            return
        }
        guard let number = UInt16(port), number > 0, port.utf8.allSatisfy(Self.isDigit) else { return nil }
        self.port = number == usual ? nil : number
    }

    private static func parts(_ text: Substring) -> (host: Substring, port: Substring?)? {
        var end = text.firstIndex(of: ":") ?? text.endIndex
        if text.first == "[" {
            guard let bracket = text.firstIndex(of: "]") else { return nil }
            end = text.index(after: bracket)
        }
        let (host, rest) = (text[..<end], text[end...])
        guard rest.isEmpty || rest.first == ":" else { return nil }
        let isPlain = host.first == "[" ? isAddress(host.dropFirst().dropLast()) : isName(host)
        return isPlain ? (host, rest.isEmpty ? nil : rest.dropFirst()) : nil
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { isDigit($0) || isLetter($0) || "-_.".utf8.contains($0) }
    }

    private static func isAddress(_ text: Substring) -> Bool {
        text.contains(":") && text.utf8.allSatisfy { isDigit($0) || isLetter($0) || ":.".utf8.contains($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// The `Host` field.
    package var hostField: String { port.map { "\(host):\($0)" } ?? host }

    package var text: String { "\(scheme)://\(hostField)" }

    /// Whether it is told by numbers, before which no other name can stand.
    package var isNumeric: Bool {
        if host.first == "[" { return true }
        guard let last = host.split(separator: ".").last else { return false }
        return last.utf8.allSatisfy(Self.isDigit) || last.hasPrefix("0x")
    }
}
