/// How many versions stay in the folders that a pattern names, e.g. `npm/*=10`: of each such folder, the newest ten of
/// what is directly in it, be it folders or packages.
///
/// The pattern is held against the paths of folders, not of packages. The top of a feed has no path, so no pattern
/// names it.
public struct RetentionRule: Sendable, Hashable, CustomStringConvertible {
    /// The largest number of versions that a rule can keep.
    public static let maximumNewest = 1_000_000

    /// Which folders.
    public let pattern: PathPattern
    /// How many of what is in such a folder stay: 1 to ``maximumNewest``.
    public let newest: Int

    /// Reads a rule that is written as `PATTERN=N`.
    /// - Throws: `invalidArgument`.
    public init(_ text: String) throws(StoreError) {
        guard let sign = text.utf8.lastIndex(of: UInt8(ascii: "=")),
            let newest = Int(text[text.utf8.index(after: sign)...]), (1...Self.maximumNewest).contains(newest)
        else {
            throw StoreError(
                .invalidArgument,
                "\"\(text.prefix(100))\" does not say how many versions to keep; write it as dir/*=10, with a "
                    + "number from 1 to \(Self.maximumNewest)")
        }
        pattern = try PathPattern(String(Substring(text.utf8[..<sign])))
        self.newest = newest
    }

    public var description: String { "\(pattern)=\(newest)" }
}

extension RetentionRule: Codable {
    public init(from decoder: any Decoder) throws {
        self = try RetentionRule(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension [RetentionRule] {
    /// The rule for a folder: of those that name it, the one that keeps most; nil where none does.
    func rule(for folder: String) -> RetentionRule? {
        filter { $0.pattern.matches(folder) }.max { $0.newest < $1.newest }
    }
}
