public import BlobCluster

/// One request, as a log has it.
public struct AccessLine: Sendable {
    /// When it came, in UTC.
    public let time: Timestamp
    /// The request's method.
    public let method: String
    /// The target as it was sent, without what stands behind a question mark.
    public let target: String
    /// The status that was answered.
    public let status: Int
    /// How many bytes of a body were sent.
    public let bytes: Int64
    /// How long it took.
    public let duration: Duration
    /// The request's id, which the answer carries, too.
    public let requestID: String
    /// Who asked: the name of an API key; nil where nobody said.
    public let caller: String?
    /// Why the answer broke off; nil where it did not.
    public let failure: String?
}

extension AccessLine {
    /// What stands before the question mark.
    static func target(_ text: String) -> String {
        text.utf8.firstIndex(of: UInt8(ascii: "?")).map { String(text[..<$0]) } ?? text
    }
}
