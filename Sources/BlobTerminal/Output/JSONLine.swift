internal import BlobCrypto
internal import BlobStore

/// One line of output for programs: a JSON object whose first field is its `type`.
public struct JSONLine: Sendable, Equatable {
    /// The line, without its end.
    public let text: String

    /// - Parameters:
    ///   - fields: in the order in which they are printed; those without a value are left out.
    ///   - more: what follows them.
    public init(
        _ type: String, _ fields: KeyValuePairs<String, LineValue?> = [:],
        then more: KeyValuePairs<String, LineValue?> = [:]
    ) {
        var text = "{\"type\":"
        LineValue.string(type).write(to: &text)
        for part in [fields, more] {
            for case (let name, let value?) in part {
                text += ","
                LineValue.string(name).write(to: &text)
                text += ":"
                value.write(to: &text)
            }
        }
        self.text = text + "}"
    }
}

/// A JSON value that remembers the order of its fields.
/// - Source: RFC 8259.
public enum LineValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Not a number and the infinities are printed as `null`, JSON having no word for them.
    case number(Double)
    case string(String)
    case array([LineValue])
    case object([Field])

    /// A named value inside an object.
    public struct Field: Sendable, Equatable {
        /// The field's name.
        public let name: String
        /// The field's value.
        public let value: LineValue

        /// A field of an object.
        public init(_ name: String, _ value: LineValue) {
            self.name = name
            self.value = value
        }
    }

    /// Adds the value as compact JSON to `text`.
    public func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? "\(value)" : "null"
        case .string(let value): Self.write(value, to: &text)
        case .array(let values):
            Self.write(values, in: ("[", "]"), to: &text) { $0.write(to: &$1) }
        case .object(let fields):
            Self.write(fields, in: ("{", "}"), to: &text) { field, text in
                Self.write(field.name, to: &text)
                text += ":"
                field.value.write(to: &text)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], in brackets: (String, String), to text: inout String, _ one: (Item, inout String) -> Void
    ) {
        text += brackets.0
        for (index, item) in items.enumerated() {
            if index > 0 { text += "," }
            one(item, &text)
        }
        text += brackets.1
    }

    private static func write(_ string: String, to text: inout String) {
        // Nearly every name is plain: a listing of a million packages should not walk their characters.
        if string.utf8.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x5C }) {
            text += "\"\(string)\""
            return
        }
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            // Most of them are legal in JSON, but not safe on a terminal or in JavaScript.
            case _ where scalar.isControl:
                text += "\\u" + Hex.text(scalar.value, count: 4)
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension LineValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}
