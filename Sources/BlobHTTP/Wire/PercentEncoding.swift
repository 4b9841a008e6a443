internal import BlobCrypto

/// Percent-encoding of paths and queries.
/// - Source: RFC 3986, section 2.
package enum PercentEncoding {
    /// All but letters, digits and `-._~` becomes `%` and two capital hex digits.
    /// - Parameter keepsSlashes: for paths.
    package static func encode(_ text: String, keepsSlashes: Bool = false) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 8)
        for byte in text.utf8 {
            if isPlain(byte) || (keepsSlashes && byte == UInt8(ascii: "/")) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), Hex.digit(byte >> 4, isCapital: true), Hex.digit(byte, isCapital: true)]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Undoes the encoding of forms: some servers write a space as `+`, others as `%20`, and all of them write a plus
    /// sign as `%2B`.
    /// - Returns: nil for a broken encoding, or one that yields no UTF-8.
    package static func decodeForm(_ text: String) -> String? { decode(text, isForm: true) }

    /// Undoes the encoding of a path, once.
    /// - Returns: nil for a broken encoding, or one that yields no UTF-8.
    package static func decode(_ text: some StringProtocol) -> String? { decode(text, isForm: false) }

    private static func decode(_ text: some StringProtocol, isForm: Bool) -> String? {
        if !isForm && !text.utf8.contains(UInt8(ascii: "%")) { return String(text) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where isForm: bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst(), let low = rest.popFirst(),
                    let byte = Hex.byte(high, low, takesCapitals: true)
                else { return nil }
                bytes.append(byte)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }
}
