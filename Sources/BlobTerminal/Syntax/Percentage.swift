/// A share of a whole as people write it: `20%`, `0.5%`.
public struct Percentage: Sendable, Hashable {
    /// From 0 to 100.
    public let value: Double

    /// A share in percent, from 0 to 100.
    public init(value: Double) {
        self.value = value
    }

    /// Reads a number from 0 to 100 with a percent sign.
    /// - Throws: what is wrong with it.
    public init(writtenAs text: String) throws(SyntaxError) {
        guard text.hasSuffix("%"), let value = Double(text.dropLast()), (0...100).contains(value) else {
            throw SyntaxError("\"\(text)\" is not a percentage; write it as 20%, from 0% to 100%")
        }
        self.value = value
    }
}
