public import BlobStore

extension ContentLevel {
    /// Reads `none`, `all`, `10%`, `3/7` or `unverified:30d`.
    /// - Throws: what is wrong with it.
    public init(writtenAs text: String) throws(SyntaxError) {
        switch text {
        case "none": self = .none
        case "all": self = .all
        case _ where text.hasSuffix("%"): self = .share(percent: try Self.percent(text))
        case _ where text.hasPrefix("unverified:"):
            self = .unverified(try Duration(writtenAs: String(text.dropFirst("unverified:".count))))
        case _ where text.contains("/"): self = try Self.subset(text)
        default:
            throw SyntaxError("\"\(text)\" is not a share of the content; write none, all, 10%, 3/7 or unverified:30d")
        }
    }

    private static func percent(_ text: String) throws(SyntaxError) -> Double {
        let number = text.dropLast()
        guard number.allSatisfy({ ($0.isASCII && $0.isNumber) || $0 == "." }), let value = Double(number),
            value > 0, value <= 100
        else { throw SyntaxError("\"\(text)\" is not a percentage; write a number above 0 and up to 100, e.g. 10%") }
        return value
    }

    private static func subset(_ text: String) throws(SyntaxError) -> ContentLevel {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }),
            let part = UInt32(parts[0]), let total = UInt32(parts[1]),
            total > 0, total <= 1_000_000, (1...total).contains(part)
        else {
            throw SyntaxError(
                "\"\(text)\" is not a part of the content; 3/7 is the third of seven parts, from 1/7 to 7/7")
        }
        return .subset(part: part, of: total)
    }
}
