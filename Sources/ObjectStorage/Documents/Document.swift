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
        revision = UUID().uuidString.lowercased()
        ancestors = []
        unknown = [:]
    }

    private init(_ body: Body, after previous: Document) {
        self.body = body
        revision = UUID().uuidString.lowercased()
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
        let envelope = try decoder.container(keyedBy: EnvelopeKey.self)
        let format = try envelope.decode(Int.self, forKey: .format)
        guard format <= Self.format else { throw UnknownFormat(format: format) }
        guard format >= 1 else {
            throw DecodingError.dataCorruptedError(
                forKey: .format, in: envelope, debugDescription: "the format is \(format); the first one is 1")
        }
        revision = try envelope.decode(String.self, forKey: .revision)
        ancestors = try envelope.decodeIfPresent([String].self, forKey: .ancestors) ?? []
        body = try Body(from: decoder)
        var unknown: [String: JSONValue] = [:]
        let fields = try decoder.container(keyedBy: AnyKey.self)
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
