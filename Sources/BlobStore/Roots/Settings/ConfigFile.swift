internal import FoundationEssentials

/// The settings that a config file may hold. Unknown keys are refused, since a misspelt one would be ignored.
package struct ConfigFile: Sendable, Equatable {
    package let path: String
    /// The server-level root.
    package var packagesRoot: String?
    /// The id that the server root must carry.
    package var rootID: String?

    /// Reads a config file's bytes: a JSON object.
    /// - Throws: `invalidArgument`, with line and column where it is no JSON.
    package init(path: String, bytes: [UInt8]) throws(StoreError) {
        self.path = path
        let fields: [String: JSONValue]
        do {
            fields = try JSONDecoder().decode([String: JSONValue].self, from: Data(bytes))
        } catch {
            let flaw = JSONFlaw(in: bytes).map { "no JSON at line \($0.line), column \($0.column)" }
            throw StoreError(.invalidArgument, "the config file \(path) is broken: \(flaw ?? "no JSON object")")
        }
        for (key, value) in fields {
            switch (key, value) {
            case ("packagesRoot", .string(let text)): packagesRoot = text
            case ("rootId", .string(let text)): rootID = text
            case ("packagesRoot", _), ("rootId", _):
                throw StoreError(.invalidArgument, "the config file \(path) has a \"\(key)\" that is no text")
            default:
                throw StoreError(
                    .invalidArgument,
                    "the config file \(path) has the unknown key \"\(key.prefix(60))\": packagesRoot and rootId are known"
                )
            }
        }
    }
}
