/// What is wrong with something that a person wrote: one sentence without a final dot.
public struct SyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence that says how to write it.
    public let description: String

    /// An error with that sentence.
    public init(_ description: String) {
        self.description = description
    }
}
