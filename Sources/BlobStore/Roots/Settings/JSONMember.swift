/// A key and its value in a JSON object, with where each stands.
struct JSONMember: Sendable {
    /// As far as it is told apart here.
    enum Value: Sendable, Equatable {
        case text(String)
        /// Anything else, as it is called in a sentence: `a number`.
        case other(String)
    }

    /// Something, and how many bytes stand before it.
    struct Located<Content: Sendable>: Sendable {
        let content: Content
        let position: Int
    }

    let key: Located<String>
    let value: Located<Value>
}
