internal import BlobCrypto
internal import BlobHTTP
internal import ObjectStorage
internal import Synchronization

/// What a process knows of the servers it uses, for all roots together: a feed's root in the same bucket need not ask
/// again.
final class CapabilityCache: Sendable {
    private struct Entry {
        var found: ServerCapabilities?
        /// Whether this process saw for itself that it holds.
        var isConfirmed = false
        var refusesLateRemovals: Bool?
        var listsWritesAtOnce: (holds: Bool, isConfirmed: Bool)?
        /// Of roots that were made for one writer, or are opened as that.
        var prefixesForOneWriter: Set<String> = []
    }

    private let entries = Mutex<[BucketAddress: Entry]>([:])

    func found(_ address: BucketAddress) -> ServerCapabilities? { entries.withLock { $0[address]?.found } }

    /// Nil for what this process did not see for itself.
    func confirmed(_ address: BucketAddress) -> ServerCapabilities? {
        entries.withLock { entries in entries[address].flatMap { $0.isConfirmed ? $0.found : nil } }
    }

    func keep(_ found: ServerCapabilities?, isConfirmed: Bool, _ address: BucketAddress) {
        entries.withLock { entries in
            entries[address, default: Entry()].found = found
            entries[address, default: Entry()].isConfirmed = isConfirmed
        }
    }

    /// Whether the server refuses removals that come too late; nil where it was not measured.
    func refusesLateRemovals(_ address: BucketAddress) -> Bool? {
        entries.withLock { $0[address]?.refusesLateRemovals }
    }

    func keep(refusesLateRemovals: Bool, _ address: BucketAddress) {
        entries.withLock { $0[address, default: Entry()].refusesLateRemovals = refusesLateRemovals }
    }

    /// Whether a listing shows at once what was written; nil where it is not known.
    func listsWritesAtOnce(_ address: BucketAddress) -> (holds: Bool, isConfirmed: Bool)? {
        entries.withLock { $0[address]?.listsWritesAtOnce }
    }

    func keep(listsWritesAtOnce: Bool, isConfirmed: Bool, _ address: BucketAddress) {
        entries.withLock { $0[address, default: Entry()].listsWritesAtOnce = (listsWritesAtOnce, isConfirmed) }
    }

    /// Whether a root, or one around it, is for one writer.
    func isForOneWriter(_ prefix: String, _ address: BucketAddress) -> Bool {
        entries.withLock { entries in
            entries[address]?.prefixesForOneWriter.contains { prefix.utf8.starts(with: $0.utf8) } ?? false
        }
    }

    func acceptOneWriter(_ prefix: String, _ address: BucketAddress) {
        entries.withLock { _ = $0[address, default: Entry()].prefixesForOneWriter.insert(prefix) }
    }
}

/// What is known of what a server promises: learnt from what is kept beside the records, and confirmed before the first
/// record is written; else by a probe, once.
final class LearnedCapabilities: Sendable {
    private let probe: CapabilityProbe
    let address: BucketAddress
    let memory: CapabilityCache
    private let semaphore = AsyncSemaphore(places: 1)

    init(_ probe: CapabilityProbe, memory: CapabilityCache, isForOneWriter: Bool) {
        self.probe = probe
        self.memory = memory
        address = probe.session.address
        if isForOneWriter { memory.acceptOneWriter(probe.prefix, address) }
    }

    /// What is known by now.
    var known: ServerCapabilities? { memory.found(address) }
    var isForOneWriter: Bool { memory.isForOneWriter(probe.prefix, address) }

    func assume(_ found: ServerCapabilities) { memory.keep(found, isConfirmed: true, address) }

    /// Learns from a record that was read.
    func learn(from headers: HTTPHeaders) {
        if headers[Self.oneWriterField] == "one" { memory.acceptOneWriter(probe.prefix, address) }
        learnOfListings(from: headers)
        guard known == nil, let text = headers[ServerCapabilities.field] else { return }
        if let found = ServerCapabilities(text: text, for: address) { memory.keep(found, isConfirmed: false, address) }
    }

    /// Keeps what is known beside a record.
    func keep(in headers: inout HTTPHeaders) {
        let found = known
        headers[ServerCapabilities.field] = found?.text(for: address)
        if isForOneWriter, found?.allowsSharing == false { headers[Self.oneWriterField] = "one" }
        keepListings(in: &headers)
    }

    private static let oneWriterField = "x-amz-meta-blobstore-writers"

    /// What the server promises, or promised when a record was written; asks it where nothing is known. For what does
    /// harm nobody where it is no longer so.
    func settled() async throws(StoreError) -> ServerCapabilities {
        if let known { return known }
        return try await confirmed()
    }

    /// What this process saw the server promise.
    ///
    /// *Cost*: nothing but once in a process: two requests where a record told what holds, else those of a probe.
    func confirmed() async throws(StoreError) -> ServerCapabilities {
        if let found = memory.confirmed(address) { return found }
        return try await semaphore.pass { () async throws(StoreError) in
            if let found = memory.confirmed(address) { return found }
            // Who writes without conditions relies on nothing that could have changed.
            if let known {
                let holds = known.allowsSharing ? try await probe.stillHolds(known) : true
                if holds {
                    memory.keep(known, isConfirmed: true, address)
                    return known
                }
            }
            let found = try await probe.run()
            memory.keep(found, isConfirmed: true, address)
            return found
        }
    }

    /// In which order names are listed. Reading measures nothing, since it would have to write; where no record told
    /// it, folder by folder it is, which is right in either order, and costs more requests.
    var order: ServerCapabilities.Order { known?.order ?? .folders }

    /// What the server promises, where that is enough for writing.
    /// - Throws: `unsupported` where it is not, by name of what is missing.
    func required() async throws(StoreError) -> ServerCapabilities {
        let found = try await confirmed()
        guard let missing = found.missing, !isForOneWriter else { return found }
        throw StoreError(
            .unsupported,
            "\(address.endpoint) does not support \(missing), so if two nodes write the same record, "
                + "both believe that they won; "
                + (found.keepsVersions
                    ? "its bucket \"\(address.bucket)\" keeps versions, so use one that never did"
                    : "use a server that does or, if only one process ever writes, use --single-writer")
        )
    }

    /// What an answer to a write shows to be no longer as it was measured; then all is forgotten, and measured anew
    /// before the next record is written.
    func contradiction(in headers: HTTPHeaders) -> StoreError? {
        guard let found = known, !found.keepsVersions, headers.tellsVersion else { return nil }
        memory.keep(nil, isConfirmed: false, address)
        return StoreError(
            .unavailable,
            "the bucket \"\(address.bucket)\" was given versioning after it was measured, and with versioning some servers let "
                + "several writers win; it is measured again")
    }

    /// Whether the server refuses removals that come too late, measured by `measure` once.
    func refusesLateRemovals(_ measure: () async throws(StoreError) -> Bool) async throws(StoreError) -> Bool {
        if let known = memory.refusesLateRemovals(address) { return known }
        let found = try await measure()
        memory.keep(refusesLateRemovals: found, address)
        return found
    }
}

extension HTTPHeaders {
    /// Whether an answer to a write tells that it made a version of its own.
    var tellsVersion: Bool { self["x-amz-version-id"].map { !["", "null"].contains($0) } ?? false }
}

// MARK: - What servers promise

/// What a server was found to promise where servers differ.
package struct ServerCapabilities: Sendable, Equatable {
    /// How `If-Match` is to be written.
    package enum Replacement: String, Sendable {
        case quoted, unquoted
        /// It is ignored, or never holds.
        case none
    }

    /// In which order names are listed.
    package enum Order: String, Sendable {
        /// By their bytes, as S3 says.
        case names
        /// Folder by folder: all of `a/` before `a-b`, as a server on top of a filesystem does.
        case folders
    }

    /// `If-None-Match: *` has one winner.
    package var holdsCreation: Bool
    package var replacement: Replacement
    package var order: Order
    /// Whether it takes `x-amz-checksum-sha256`, rather than refuse what carries it.
    package var takesChecksums: Bool
    /// Whether the bucket kept versions when this was measured, by which one server's conditions cease to hold.
    package var keepsVersions: Bool

    package init(
        holdsCreation: Bool, replacement: Replacement, order: Order = .names, takesChecksums: Bool = true,
        keepsVersions: Bool = false
    ) {
        self.holdsCreation = holdsCreation
        self.replacement = replacement
        self.order = order
        self.takesChecksums = takesChecksums
        self.keepsVersions = keepsVersions
    }

    /// Whether any number of writers may share a root there.
    package var allowsSharing: Bool { holdsCreation && replacement != .none }

    /// The name of what is missing; nil when nothing is.
    package var missing: String? {
        switch (holdsCreation, replacement) {
        case (true, .none): "conditional replacement (If-Match)"
        case (false, .none): "conditional creation (If-None-Match) and replacement (If-Match)"
        case (false, _): "conditional creation (If-None-Match)"
        default: nil
        }
    }
}

// As they are kept: beside every record, so that whoever reads the root's marker knows them.
extension ServerCapabilities {
    /// The name of the field that they are kept in.
    static let field = "x-amz-meta-blobstore-server"

    /// What is kept. It holds for this bucket at this endpoint alone: a copy of the root elsewhere is asked again.
    func text(for address: BucketAddress) -> String {
        "2 \(Self.fingerprint(of: address)) \(holdsCreation ? "creates" : "overwrites") "
            + "\(replacement.rawValue) \(order.rawValue) \(takesChecksums ? "checksums" : "md5") "
            + (keepsVersions ? "versions" : "replaces")
    }

    init?(text: String, for address: BucketAddress) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count >= 5, words[1] == Self.fingerprint(of: address),
            let replacement = Replacement(rawValue: words[3]), let order = Order(rawValue: words[4])
        else { return nil }
        switch (words[0], words.count) {
        // Of a writer that sent each record with a checksum, which was taken.
        case ("1", 5): (takesChecksums, keepsVersions) = (true, false)
        case ("2", 7): (takesChecksums, keepsVersions) = (words[5] == "checksums", words[6] == "versions")
        default: return nil
        }
        self.holdsCreation = words[2] == "creates"
        self.replacement = replacement
        self.order = order
    }

    static func fingerprint(of address: BucketAddress) -> String {
        let hash = Hasher.hex(.sha256, of: "\(address.endpoint)\n\(address.bucket)".utf8) ?? "-"
        return String(hash.prefix(16))
    }
}
