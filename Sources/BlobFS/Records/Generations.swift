internal import BlobStore
internal import BlobSystem

/// What stands in the folder `K~` of record `K`: its later generations, and proposals for the next ones.
///
///     K                    generation 1, which is never pruned
///     K~/<N>               generation N, N > 1
///     K~/p.<N>.<uuid>      a finished proposal for generation N
struct Generations {
    static let first: UInt64 = 1

    let folder: OpenFile
    /// Ascending.
    private(set) var numbers: [UInt64] = []
    private(set) var proposals: [(name: String, target: UInt64)] = []

    /// The current generation.
    var highest: UInt64 { numbers.last ?? Self.first }

    /// The name of the folder beside `key`.
    static func folderName(of key: Key) -> String { key.name + "~" }

    static func proposalName(_ number: UInt64, _ unique: String) -> String { "p.\(number).\(unique)" }

    /// Lists the folder, which was opened just now.
    ///
    /// On a local filesystem what one call returns is a single moment. A listing that took several may have missed
    /// both a generation that was pruned and the one that replaced it; it counts only when the folder did not
    /// change meanwhile.
    init(listing folder: OpenFile) throws(StoreError) {
        self.folder = folder
        let before = try folder.status().modified
        var found: [String] = []
        let rounds = try folder.names { found.append(String(decoding: $0.name, as: UTF8.self)) }
        if rounds > 1, try folder.status().modified != before { throw Self.changing }
        for name in found { sort(name) }
        numbers.sort()
    }

    private mutating func sort(_ name: String) {
        if let number = Self.number(name[...]) { return numbers.append(number) }
        let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        if parts.count == 3, parts[0] == "p", let target = Self.number(parts[1]) { proposals.append((name, target)) }
    }

    /// Only the canonical form counts: `2`, never `02` or `+2`.
    private static func number(_ text: Substring) -> UInt64? {
        guard let number = UInt64(text), number > first, String(number) == text else { return nil }
        return number
    }

    /// A listing that must be taken again.
    private static let changing = StoreError(
        .unavailable, "the record is being changed all the time: try again", cause: .other("changed while listed"))

    static func isChanging(_ error: StoreError) -> Bool { error.cause == changing.cause }
}

/// A version token: which generation, and the hash of its content.
struct RecordToken: Equatable {
    let generation: UInt64
    let hash: String

    init(_ generation: UInt64, of bytes: [UInt8]) throws(StoreError) {
        self.generation = generation
        hash = try Self.hash(of: bytes)
    }

    /// Nil for a token that this kind of storage never gave out.
    init?(_ version: Record.Version) {
        let parts = version.token.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let generation = UInt64(parts[0]) else { return nil }
        self.generation = generation
        hash = String(parts[1])
    }

    var version: Record.Version { Record.Version(token: "\(generation)-\(hash)") }
}
