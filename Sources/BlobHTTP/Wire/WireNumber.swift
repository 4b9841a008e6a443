/// Numbers as somebody else wrote them.
package enum WireNumber {
    /// A number of bytes: decimal digits alone, and no more than fit; nil for anything else.
    package static func count(_ text: some StringProtocol) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }
}
