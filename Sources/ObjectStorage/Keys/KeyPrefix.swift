/// A folder of keys: empty for the whole storage, else key segments that end with `/`.
public struct KeyPrefix: Hashable, Sendable, CustomStringConvertible {
    /// The folder as text: empty, or with a `/` at its end.
    public let text: String

    /// The whole storage.
    public static let root = KeyPrefix(trusted: "")

    /// Validates `text`, which is empty or ends with `/`.
    /// - Throws: `invalidKey`, with the rule that was broken.
    public init(_ text: String) throws(StoreError) {
        if !text.isEmpty {
            guard text.hasSuffix("/") else {
                throw StoreError(.invalidKey, "the folder \"\(text.prefix(200))\" does not end with a slash")
            }
            // A folder is what stands before a name: valid where a key with one more segment is.
            if let flaw = Key.flaw(in: text + "x") {
                throw StoreError(.invalidKey, "the folder \"\(text.prefix(200))\" \(flaw)")
            }
        }
        self.text = text
    }

    /// A folder whose parts are known to be valid, put together by the layout.
    package init(trusted text: String) {
        assert(text.isEmpty || text.hasSuffix("/"), "the layout made an invalid folder: \(text)")
        self.text = text
    }

    public var description: String { text }

    /// Whether `key` stands in this folder or below it.
    public func contains(_ key: Key) -> Bool { key.text.utf8.starts(with: text.utf8) }

    /// The key of that name below this folder.
    /// - Throws: `invalidKey` when the two together break a rule of ``Key``.
    public func appending(_ name: some StringProtocol) throws(StoreError) -> Key { try Key(text + name) }
}
