internal import BlobStore
internal import Synchronization

/// What a process knows of the servers it uses, for all roots together: a feed's root in the same bucket need not ask
/// again.
final class GuaranteeMemory: Sendable {
    private struct Entry {
        var found: Guarantees?
        /// Of roots that were made for one writer, or are opened as that.
        var prefixesForOneWriter: Set<String> = []
    }

    private let entries = Mutex<[BucketAddress: Entry]>([:])

    func found(_ address: BucketAddress) -> Guarantees? { entries.withLock { $0[address]?.found } }

    func keep(_ found: Guarantees, _ address: BucketAddress) {
        entries.withLock { $0[address, default: Entry()].found = found }
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

/// What is known of a server's guarantees: learnt from what is kept beside the records, else by a probe, once.
final class LearntGuarantees: Sendable {
    private let probe: GuaranteeProbe
    private let address: BucketAddress
    private let memory: GuaranteeMemory
    private let turnstile = Turnstile(places: 1)

    init(_ probe: GuaranteeProbe, memory: GuaranteeMemory, isForOneWriter: Bool) {
        self.probe = probe
        self.memory = memory
        address = probe.session.address
        if isForOneWriter { memory.acceptOneWriter(probe.prefix, address) }
    }

    /// What is known by now.
    var known: Guarantees? { memory.found(address) }
    private var isForOneWriter: Bool { memory.isForOneWriter(probe.prefix, address) }

    func assume(_ found: Guarantees) { memory.keep(found, address) }

    /// Learns from a record that was read.
    func learn(from headers: HTTPHeaders) {
        if headers[Self.oneWriterField] == "one" { memory.acceptOneWriter(probe.prefix, address) }
        guard known == nil, let text = headers[Guarantees.field] else { return }
        guard let found = Guarantees(text: text, for: address) else { return }
        memory.keep(found, address)
    }

    /// Keeps what is known beside a record.
    func keep(in headers: inout HTTPHeaders) {
        let found = known
        headers[Guarantees.field] = found?.text(for: address)
        if isForOneWriter, found?.allowsSharing == false { headers[Self.oneWriterField] = "one" }
    }

    private static let oneWriterField = "x-amz-meta-blobstore-writers"

    /// What the server promises; asks it where that is not known.
    func settled() async throws(StoreError) -> Guarantees {
        if let known { return known }
        return try await turnstile.pass { () async throws(StoreError) in
            if let known { return known }
            let found = try await probe.run()
            memory.keep(found, address)
            return found
        }
    }

    /// In which order names are listed, as far as it can be found out: an account that may only read cannot probe, and
    /// notices disorder when it meets it.
    func order() async -> Guarantees.Order {
        if let known { return known.order }
        return (try? await settled().order) ?? .names
    }

    /// What the server promises, where that is enough for writing.
    /// - Throws: `unsupported` where it is not, by name of what is missing.
    func required() async throws(StoreError) -> Guarantees {
        let found = try await settled()
        guard let missing = found.missing, !isForOneWriter else { return found }
        throw StoreError(
            .unsupported,
            "\(address.endpoint) does not keep to \(missing), so that of two nodes that write the same record "
                + "both would believe to have won: use a server that does, or, if only one process ever writes, "
                + "make the root with --single-writer")
    }
}
