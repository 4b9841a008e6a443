/// Names that Windows and SMB servers keep for devices, whatever extension follows.
///
/// - Source: Microsoft, "Naming Files, Paths, and Namespaces".
package enum DOSDevice {
    /// Whether a file of that name would be a device: the name up to its first dot, without trailing spaces, in any
    /// case, is `con prn aux nul com0-9 lpt0-9 conin$ conout$`.
    package static func isName(_ name: some StringProtocol) -> Bool {
        var stem = Array(name.utf8.prefix { $0 != UInt8(ascii: ".") })[...]
        while stem.last == UInt8(ascii: " ") { stem = stem.dropLast() }
        guard stem.count >= 3, stem.count <= 7 else { return false }
        let lower = String(decoding: stem.map(lowered), as: UTF8.self)
        if ["con", "prn", "aux", "nul", "conin$", "conout$"].contains(lower) { return true }
        guard lower.utf8.count == 4, let digit = lower.utf8.last else { return false }
        return (lower.hasPrefix("com") || lower.hasPrefix("lpt"))
            && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit)
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
    }
}
