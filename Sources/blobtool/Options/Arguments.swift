internal import ArgumentParser
internal import BlobBackends
internal import BlobStore

/// Reads what the store has a type for. A value that breaks a rule is refused with that rule, before anything is done.
enum Read {
    @Sendable static func feed(_ text: String) throws -> FeedName { try FeedName(text) }
    @Sendable static func path(_ text: String) throws -> PackagePath { try PackagePath(text) }
    @Sendable static func digest(_ text: String) throws -> Digest { try Digest(text) }

    /// For `validate()`: the parser itself would repeat the whole value, and so a credential in it.
    static func root(_ text: String) throws -> RootURL {
        do { return try Backends().schemes.url(text) } catch { throw ValidationError(error.message) }
    }
}

extension [FeedName] {
    /// Each feed once, in the order in which they were named first.
    var withoutRepetitions: [FeedName] {
        var seen: Set<FeedName> = []
        return filter { seen.insert($0).inserted }
    }
}
