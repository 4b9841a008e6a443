package import ObjectStorage

/// An answer in XML: what it collects of the elements as they come.
package protocol XMLAnswer: Sendable {
    /// The name of its root element.
    static var root: String { get }
    init()
    mutating func begin(_ name: String, in parent: String)
    mutating func end(_ name: String, in parent: String, _ text: String)
    /// What is missing in it; nil when it is complete.
    var gap: String? { get }
}

extension XMLAnswer {
    package mutating func begin(_ name: String, in parent: String) {}
    package var gap: String? { nil }

    /// Reads a whole document.
    /// - Throws: `failed` for what is not this answer.
    package static func parse(_ bytes: [UInt8]) throws(StoreError) -> Self {
        let parser = XMLPushParser(Hearing<Self>())
        _ = parser.feed(bytes, isEnd: true)
        guard let hearing = parser.listener as? Hearing<Self> else { throw refusal("it could not be parsed") }
        if let flaw = parser.flaw { throw refusal(flaw) }
        guard hearing.root == root else { throw refusal("it is \(hearing.root.isEmpty ? "empty" : "another one")") }
        if let gap = hearing.answer.gap { throw refusal(gap) }
        return hearing.answer
    }

    private static func refusal(_ flaw: String) -> StoreError {
        StoreError(.failed, "the server's answer is not the \(root) that was asked for: \(flaw)", isRetryable: true)
    }
}

extension StoreError {
    /// Whether an answer was none: it may have been altered on its way, and is asked for again a few times, no more.
    package var isOfMalformedAnswer: Bool { code == .failed && isRetryable && cause == nil }
}

/// Passes on to an answer what stands in its root.
private struct Hearing<Answer: XMLAnswer>: XMLPushParser.Listener {
    var answer = Answer()
    var root = ""

    mutating func begin(_ name: String, in parent: String) {
        if parent.isEmpty { root = name }
        if root == Answer.root { answer.begin(name, in: parent) }
    }

    mutating func end(_ name: String, in parent: String, _ text: String) {
        if root == Answer.root { answer.end(name, in: parent, text) }
    }
}
