import FoundationEssentials
import ObjectStorage
import Testing

/// The schema of what `--format json` prints, as far as it uses JSON Schema.
/// - Source: JSON Schema, draft 2020-12: `$ref`, `const`, `enum`, `type`, `pattern`, `minimum`, `properties`,
///   `required`, `additionalProperties`, `items`.
struct LineSchema: Sendable {
    static let path =
        String(#filePath.dropLast("Tests/blobtoolTests/Process/LineSchema.swift".count))
        + "docs/json-schema.json"

    /// Read once: hundreds of tests hold their output against it.
    static let shared = Result { try LineSchema() }

    let definitions: [String: JSONValue]
    /// The definitions of lines, by name.
    let lines: [String: JSONValue]

    private init() throws {
        let root = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: URL(filePath: Self.path)))
        definitions = try #require(root["$defs"]?.object)
        lines = definitions.filter { $0.value["properties"]?["type"]?["const"] != nil }
    }

    /// Records each line that the schema does not allow.
    func expect(_ output: String) {
        for line in output.split(separator: "\n") {
            do {
                let value = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
                if let flaw = flaw(of: value) { Issue.record("\(flaw), in \(line)") }
            } catch {
                Issue.record("no JSON: \(line)")
            }
        }
    }

    /// What the schema does not allow of a line; nil where it is as it says.
    func flaw(of line: JSONValue) -> String? {
        let fitting = lines.values.filter { definition in
            ["type", "command"].allSatisfy { name in
                guard let wanted = definition["properties"]?[name]?["const"] else { return true }
                return line[name] == wanted
            }
        }
        guard fitting.count == 1, let definition = fitting.first else {
            return "\(fitting.count) definitions fit the type"
        }
        return flaw(of: line, definition, at: "")
    }

    private func flaw(of value: JSONValue, _ schema: JSONValue, at path: String) -> String? {
        if let name = schema["$ref"]?.string {
            guard let target = definitions[String(name.dropFirst("#/$defs/".count))] else { return "no \(name)" }
            return flaw(of: value, target, at: path)
        }
        if let wanted = schema["const"], wanted != value { return "\(path) is not \(wanted)" }
        if let values = schema["enum"]?.array, !values.contains(value) { return "\(path) is none of \(values)" }
        if let flaw = flawOfType(value, schema["type"]) { return "\(path) \(flaw)" }
        switch value {
        case .string(let text):
            guard let pattern = schema["pattern"]?.string else { return nil }
            guard let regex = try? Regex(pattern), text.wholeMatch(of: regex) != nil else {
                return "\(path) does not match \(pattern)"
            }
            return nil
        case .integer(let number): return schema["minimum"] != nil && number < 0 ? "\(path) is negative" : nil
        case .array(let values):
            guard let items = schema["items"] else { return nil }
            return values.lazy.compactMap { flaw(of: $0, items, at: path + "[]") }.first
        case .object(let fields): return flaw(of: fields, schema, at: path)
        default: return nil
        }
    }

    private func flaw(of fields: [String: JSONValue], _ schema: JSONValue, at path: String) -> String? {
        for case .string(let name) in schema["required"]?.array ?? [] where fields[name] == nil {
            return "\(path)/\(name) is missing"
        }
        for (name, value) in fields {
            if let known = schema["properties"]?[name] {
                if let flaw = flaw(of: value, known, at: "\(path)/\(name)") { return flaw }
            } else if schema["additionalProperties"] == .bool(false) {
                return "\(path)/\(name) is not in the schema"
            } else if let other = schema["additionalProperties"] {
                if let flaw = flaw(of: value, other, at: "\(path)/\(name)") { return flaw }
            }
        }
        return nil
    }

    private func flawOfType(_ value: JSONValue, _ type: JSONValue?) -> String? {
        guard let type else { return nil }
        let names = type.array?.compactMap(\.string) ?? [type.string ?? "?"]
        return names.contains { value.isOf($0) } ? nil : "is not of type \(names.joined(separator: " or "))"
    }
}

extension JSONValue {
    var object: [String: JSONValue]? { if case .object(let fields) = self { fields } else { nil } }
    var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
    var string: String? { if case .string(let text) = self { text } else { nil } }

    subscript(name: String) -> JSONValue? { object?[name] }

    /// Whether it is of a type, as JSON Schema names it.
    fileprivate func isOf(_ type: String) -> Bool {
        switch self {
        case .null: type == "null"
        case .bool: type == "boolean"
        case .integer, .unsigned: type == "integer" || type == "number"
        case .number: type == "number"
        case .string: type == "string"
        case .array: type == "array"
        case .object: type == "object"
        }
    }
}
