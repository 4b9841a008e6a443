/// What is wrong with something that a person wrote: one sentence without a final dot.
public struct SyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
