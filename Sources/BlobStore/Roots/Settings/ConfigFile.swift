/// The settings that a config file may hold. Unknown keys are refused, since a misspelt one would be ignored.
package struct ConfigFile: Sendable, Equatable {
    package let path: String
    /// The server-level root.
    package var packagesRoot: String?
    /// The id that the server root must carry.
    package var rootID: String?
    /// Where a server node listens, and under which name it takes part.
    package var listen: String?
    package var node: String?

    /// Reads a config file's bytes: a JSON object.
    /// - Parameter schemes: what URLs of roots may be.
    /// - Throws: `invalidArgument`, with line and column of what is wrong.
    package init(path: String, bytes: [UInt8], schemes: StorageSchemes) throws(StoreError) {
        self.path = path
        do throws(JSONFlaw) {
            for member in try JSONScanner.members(of: bytes) { try take(member, in: bytes, schemes) }
        } catch {
            throw StoreError(
                .invalidArgument,
                "the config file \(path) is broken at line \(error.line), column \(error.column): \(error.what)")
        }
    }

    private mutating func take(_ member: JSONMember, in bytes: [UInt8], _ schemes: StorageSchemes) throws(JSONFlaw) {
        let key = member.key.content
        guard ["packagesRoot", "rootId", "listen", "node"].contains(key) else {
            throw JSONFlaw(
                "the key \"\(key.prefix(60))\" is unknown; use packagesRoot, rootId, listen and node",
                at: member.key.position, in: bytes)
        }
        let place = member.value.position
        guard case .text(let text) = member.value.content else {
            guard case .noText(let kind) = member.value.content else { return }
            throw JSONFlaw("\(key) is \(kind), but must be text in quotation marks", at: place, in: bytes)
        }
        switch key {
        case "rootId": return rootID = text
        case "listen": return listen = text
        case "node": return node = text
        default: break
        }
        if let flaw = Self.flaw(ofRoot: text, schemes) { throw JSONFlaw(flaw, at: place, in: bytes) }
        packagesRoot = text
    }

    /// Why a text does not name a root here. A relative path would mean another place in each working directory.
    private static func flaw(ofRoot text: String, _ schemes: StorageSchemes) -> String? {
        do throws(StoreError) { _ = try schemes.url(text) } catch { return error.message }
        if text.hasPrefix("/") || text.contains("://") { return nil }
        return
            "packagesRoot \"\(text.prefix(200))\" is relative and would change with the working directory; "
            + "write the path from /"
    }
}
