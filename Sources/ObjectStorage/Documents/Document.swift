internal import FoundationEssentials

/// What a record says, as JSON: the fields of its body beside the fields that every record has.
///
/// Fields of the object that neither knows are kept and written back, so that an older version does not lose what
/// a newer one added.
package protocol DocumentBody: Codable, Sendable, Equatable {
    /// The fields of the body, for telling them from unknown ones.
    associatedtype CodingKeys: CodingKey & CaseIterable
    /// How a person calls such a record, e.g. "package record".
    static var title: String { get }
    /// What no version of the store would have written, e.g. a negative size; nil when there is nothing.
    ///
    /// A record is read by whoever finds it, and may hold any number; what is calculated later relies on this look.
    var flaw: String? { get }
}

extension DocumentBody {
    package var flaw: String? { nil }
}

/// A record's content: a body under a revision of its own, after the revisions it replaced.
package struct Document<Body: DocumentBody>: Sendable, Equatable {
    /// The layout's version; a reader refuses a larger one, and one below 1.
    package static var format: Int { 1 }

    package var body: Body
    /// Names this write and no other.
    package let revision: String
    /// The revisions before it, the latest first.
    package let ancestors: [String]
    private let unknown: [String: JSONValue]

    /// The first document of a record.
    package init(_ body: Body) {
        self.body = body
        revision = uniqueName()
        ancestors = []
        unknown = [:]
    }

    private init(_ body: Body, after previous: Document) {
        self.body = body
        revision = uniqueName()
        ancestors = Lineage(write: revision, after: previous.lineage).ancestors
        unknown = previous.unknown
    }

    package var lineage: Lineage { Lineage(write: revision, ancestors: ancestors) }

    /// The document that replaces this one.
    package func successor(_ body: Body) -> Document { Document(body, after: self) }
}

extension Document: Codable {
    private enum EnvelopeKey: String, CodingKey, CaseIterable { case format, revision, ancestors }

    package init(from decoder: any Decoder) throws {
        // One view of all fields: each that the decoder makes costs as much as the reading of two.
        let fields = try decoder.container(keyedBy: AnyKey.self)
        let format = try fields.decode(Int.self, forKey: AnyKey(EnvelopeKey.format))
        guard format <= Self.format else { throw UnknownFormat(format: format) }
        guard format >= 1 else {
            throw DecodingError.dataCorruptedError(
                forKey: AnyKey(EnvelopeKey.format), in: fields,
                debugDescription: "the format is \(format); the first one is 1")
        }
        revision = try fields.decode(String.self, forKey: AnyKey(EnvelopeKey.revision))
        ancestors = try fields.decodeIfPresent([String].self, forKey: AnyKey(EnvelopeKey.ancestors)) ?? []
        body = try Body(from: decoder)
        var unknown: [String: JSONValue] = [:]
        for key in fields.allKeys where !Self.isKnown(key.stringValue) {
            unknown[key.stringValue] = try fields.decode(JSONValue.self, forKey: key)
        }
        self.unknown = unknown
    }

    package func encode(to encoder: any Encoder) throws {
        var envelope = encoder.container(keyedBy: EnvelopeKey.self)
        try envelope.encode(Self.format, forKey: .format)
        try envelope.encode(revision, forKey: .revision)
        if !ancestors.isEmpty { try envelope.encode(ancestors, forKey: .ancestors) }
        try body.encode(to: encoder)
        var fields = encoder.container(keyedBy: AnyKey.self)
        for (name, value) in unknown { try fields.encode(value, forKey: AnyKey(stringValue: name)) }
    }

    private static func isKnown(_ field: String) -> Bool {
        EnvelopeKey(stringValue: field) != nil || Body.CodingKeys(stringValue: field) != nil
    }
}

extension Document {
    /// Reads a record's bytes.
    /// - Throws: `unknownFormat`, `corrupt`.
    package init(bytes: [UInt8]) throws(StoreError) {
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(bytes))
        } catch let error as UnknownFormat {
            throw StoreError(
                .unknownFormat,
                "the \(Body.title) has format \(error.format), and this version reads up to \(Self.format); "
                    + "use a newer version")
        } catch {
            throw StoreError(
                .corrupt, "the \(Body.title) is garbled: \(flawOfJSON(error, bytes))", cause: .other("\(error)"))
        }
        if let flaw = document.body.flaw { throw StoreError(.corrupt, "the \(Body.title) is garbled: \(flaw)") }
        self = document
    }

    /// The record's bytes: JSON with sorted fields and a final newline, for people who use `cat`.
    package func bytes() throws(StoreError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
        } catch {
            throw StoreError(.invalidArgument, "the \(Body.title) cannot be written as JSON", cause: .other("\(error)"))
        }
    }
}

/// A record was written by a version after this one.
private struct UnknownFormat: Error {
    let format: Int
}

/// A field by any name.
private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init(_ key: some CodingKey) { stringValue = key.stringValue }
    init?(intValue: Int) { nil }
}

/// What a person needs to know of a failed decoding.
/// - Parameter bytes: what was decoded.
package func flawOfJSON(_ error: any Error, _ bytes: [UInt8]) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "the field \"\(key.stringValue)\" is missing"
    case DecodingError.typeMismatch(_, let context) where context.codingPath.isEmpty,
        DecodingError.valueNotFound(_, let context) where context.codingPath.isEmpty:
        "it is not a JSON object"
    case DecodingError.valueNotFound(_, let context): "\(fieldOfJSON(context)) is null"
    case DecodingError.typeMismatch(_, let context): "\(fieldOfJSON(context)) has the wrong type"
    case DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty:
        // The decoder says the same of a number that does not fit, whose field it does not tell.
        isJSON(bytes) ? "a number in it is not whole, or is out of range" : "it is not JSON"
    case DecodingError.dataCorrupted(let context): context.debugDescription
    default: "\(error)"
    }
}

private func fieldOfJSON(_ context: DecodingError.Context) -> String {
    let names = context.codingPath.map { step in step.intValue.map { "item \($0 + 1)" } ?? step.stringValue }
    return "the field \"\(names.joined(separator: "."))\""
}

private func isJSON(_ bytes: [UInt8]) -> Bool {
    (try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))) != nil
}

// MARK: - Reading and writing

/// A document as it was read, with the version to expect when replacing it.
package struct Stored<Body: DocumentBody>: Sendable, Equatable {
    package let document: Document<Body>
    package let version: Record.Version

    package var body: Body { document.body }
}

extension Records {
    /// Reads and decodes a record; nil when it is absent.
    /// - Throws: `corrupt`, `unknownFormat`, and what reading throws.
    package func document<Body: DocumentBody>(
        _ key: Key, as: Body.Type = Body.self
    ) async throws(StoreError) -> Stored<Body>? {
        guard let record = try await readRecord(key) else { return nil }
        return try Stored(record, at: key)
    }

    /// Creates a record.
    /// - Throws: `preconditionFailed` when it exists; `outcomeUnknown`.
    package func create<Body: DocumentBody>(_ key: Key, _ body: Body) async throws(StoreError) -> Stored<Body> {
        try await write(Document(body), at: key, expecting: .absent)
    }

    /// Replaces exactly what was read.
    /// - Throws: `preconditionFailed` when it has changed since; `outcomeUnknown`.
    package func replace<Body: DocumentBody>(
        _ key: Key, _ stored: Stored<Body>, with body: Body
    ) async throws(StoreError) -> Stored<Body> {
        try await write(stored.document.successor(body), at: key, expecting: .version(stored.version))
    }

    /// Reads, changes and writes back, again while others win the race.
    /// - Parameter change: the new body, from the present one; nil to leave it.
    /// - Throws: `notFound`; `unavailable` when others won every time.
    package func update<Body: DocumentBody>(
        _ key: Key, as: Body.Type = Body.self,
        _ change: (Body) throws(StoreError) -> Body?
    ) async throws(StoreError) -> Stored<Body> {
        var backoff = Backoff()
        while true {
            guard let stored = try await document(key, as: Body.self) else {
                throw StoreError(.notFound, "there is no \(Body.title) at \(key)").during("update", key: key.text)
            }
            guard let body = try change(stored.body) else { return stored }
            do {
                return try await replace(key, stored, with: body)
            } catch  where error.code == .preconditionFailed {
                try await backoff.wait(or: error)
            }
        }
    }

    /// Writes a document, and finds out what became of it where the storage could not tell.
    private func write<Body: DocumentBody>(
        _ document: Document<Body>, at key: Key, expecting: Record.Expectation
    ) async throws(StoreError) -> Stored<Body> {
        let bytes = try document.bytes()
        var backoff = Backoff()
        while true {
            do {
                return Stored(document: document, version: try await writeRecord(key, bytes, expecting: expecting))
            } catch  where error.code == .outcomeUnknown {
                if let settled = try await settle(document, at: key, expecting: expecting, error) { return settled }
                if error.circumstance == .flushFailed { throw error }
                // Undecided: the identical write once more.
                try await backoff.wait(or: error)
            }
        }
    }

    /// Reads back what an ambiguous write left: won, lost (thrown), or nil when nothing has happened yet.
    fileprivate func settle<Body: DocumentBody>(
        _ document: Document<Body>, at key: Key, expecting: Record.Expectation, _ unknown: StoreError
    ) async throws(StoreError) -> Stored<Body>? {
        guard let record = try await readRecord(key) else {
            if expecting == .absent { return nil }
            throw unknown
        }
        let current: Stored<Body> = try Stored(record, at: key)
        let isCreation = expecting == .absent
        switch document.lineage.outcome(by: current.document.lineage, isCreation: isCreation) {
        case .won:
            try await flushRecord(key)
            return current
        case .superseded:
            // Its version is gone, and nothing may be written on its strength.
            return Stored(document: document, version: .superseded)
        case .lost where expecting == .version(current.version), .unclear where expecting == .version(current.version):
            return nil
        case .unclear: throw unknown
        case .lost:
            throw StoreError(.preconditionFailed, "the \(Body.title) was changed by another writer").during(
                "settle", key: key.text)
        }
    }
}

extension Storage {
    /// Creates records, some dozens at once.
    /// - Returns: one result for each, in the same order; nil where the storage gains nothing by it, and nothing was
    ///   written. `outcomeUnknown` for one that one look at it does not settle: nothing is tried again here.
    package func create<Body: DocumentBody>(
        together records: [(key: Key, body: Body)]
    ) async throws(StoreError) -> [Result<Stored<Body>, StoreError>]? {
        guard let batch = try await capability((any BatchedCreation).self, at: records.map(\.key)) else { return nil }
        let documents = records.map { Document($0.body) }
        let bytes = try documents.map { document throws(StoreError) in try document.bytes() }
        let versions = await batch.storage.createRecords(Array(zip(batch.keys, bytes).map { (key: $0, bytes: $1) }))
        var results: [Result<Stored<Body>, StoreError>] = []
        for (index, version) in versions.enumerated() {
            do throws(StoreError) {
                results.append(.success(Stored(document: documents[index], version: try version.get())))
            } catch {
                let settled =
                    error.code == .outcomeUnknown
                    ? try? await settle(documents[index], at: records[index].key, expecting: .absent, error) : nil
                results.append((settled ?? nil).map { .success($0) } ?? .failure(error))
            }
        }
        return results
    }
}

extension Stored {
    /// - Throws: `corrupt`, `unknownFormat`.
    package init(_ record: Record, at key: Key) throws(StoreError) {
        if let flaw = record.flaw {
            throw StoreError(.corrupt, "the \(Body.title) is damaged: \(flaw)").during("readRecord", key: key.text)
        }
        do {
            document = try Document(bytes: record.bytes)
        } catch {
            throw error.during("readRecord", key: key.text)
        }
        version = record.version
    }
}

extension Record.Version {
    /// A version that no storage gives out.
    fileprivate static var superseded: Self { Self(token: "superseded") }
}

extension Records {
    /// Puts a new document over a record that cannot be read as one.
    /// - Parameter keep: is given the garbled bytes before they are replaced.
    /// - Returns: nil when the record is absent, or reads well by now.
    /// - Throws: `unknownFormat` for a record of a newer version, which is not garbled; `preconditionFailed`.
    package func replaceGarbled<Body: DocumentBody>(
        _ key: Key, with body: Body, isSound: (Body) -> Bool,
        keep: (_ garbled: [UInt8]) async throws(StoreError) -> Void
    ) async throws(StoreError) -> Stored<Body>? {
        guard let record = try await readRecord(key) else { return nil }
        do throws(StoreError) {
            if isSound(try Stored<Body>(record, at: key).body) { return nil }
        } catch  where error.code == .corrupt {}
        try await keep(record.bytes)
        let document = Document(body)
        let version = try await writeRecord(key, document.bytes(), expecting: .version(record.version))
        return Stored(document: document, version: version)
    }
}
