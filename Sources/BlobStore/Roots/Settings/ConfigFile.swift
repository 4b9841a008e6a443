/// The settings that a config file may hold. Unknown keys are refused, since a misspelt one would be ignored.
package struct ConfigFile: Sendable, Equatable {
    package let path: String
    /// The server-level root.
    package var packagesRoot: String?
    /// The id that the server root must carry.
    package var rootID: String?

    /// Reads a config file's bytes: a JSON object.
    /// - Throws: `invalidArgument`, with line and column of what is wrong.
    package init(path: String, bytes: [UInt8]) throws(StoreError) {
        self.path = path
        do throws(JSONFlaw) {
            for member in try JSONScanner.members(of: bytes) { try take(member, in: bytes) }
        } catch {
            throw StoreError(
                .invalidArgument,
                "the config file \(path) is broken at line \(error.line), column \(error.column): \(error.what)")
        }
    }

    private mutating func take(_ member: JSONMember, in bytes: [UInt8]) throws(JSONFlaw) {
        let key = member.key.content
        guard ["packagesRoot", "rootId"].contains(key) else {
            throw JSONFlaw(
                "the key \"\(key.prefix(60))\" is unknown: packagesRoot and rootId are known",
                at: member.key.position, in: bytes)
        }
        let place = member.value.position
        guard case .text(let text) = member.value.content else {
            guard case .other(let kind) = member.value.content else { return }
            throw JSONFlaw("\(key) is \(kind), and must be text in quotation marks", at: place, in: bytes)
        }
        if key == "rootId" { return rootID = text }
        if let flaw = Self.flaw(ofRoot: text) { throw JSONFlaw(flaw, at: place, in: bytes) }
        packagesRoot = text
    }

    /// Why a text does not name a root here. A relative path would mean another place in each working directory.
    private static func flaw(ofRoot text: String) -> String? {
        do throws(StoreError) { _ = try RootURL(text) } catch { return error.message }
        if ["/", "file:", "s3:"].contains(where: text.hasPrefix) { return nil }
        return
            "packagesRoot \"\(text.prefix(200))\" is relative, and would be another place in each working directory: "
            + "write the path from /"
    }
}
