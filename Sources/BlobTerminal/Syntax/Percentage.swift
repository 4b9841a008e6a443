/// A share of a whole as people write it: `20%`, `0.5%`.
public struct Percentage: Sendable, Hashable {
    /// From 0 to 100.
    public let value: Double

    public init(value: Double) {
        self.value = value
    }

    /// Reads a number from 0 to 100 with a percent sign.
    /// - Throws: what is wrong with it.
    public init(writtenAs text: String) throws(SyntaxError) {
        guard text.hasSuffix("%"), let value = Double(text.dropLast()), (0...100).contains(value) else {
            throw SyntaxError("\"\(text)\" is no share; write it as 20%, from 0% to 100%")
        }
        self.value = value
    }
}
