package import ObjectStorage

/// A file of the AWS tools, read: sections of properties.
///
/// A line is a `[section]`, a `name = value`, an indented line that belongs to the property above it, empty or a
/// comment (`#`, `;`, at the beginning or after a space). Names compare without regard to case; of two
/// properties of one name the later counts, and sections of one name are one section.
/// - Source: "Configuration and credential file settings", AWS SDKs and Tools Reference Guide.
package struct ProfileFile: Sendable {
    /// A property's value, and the indented `name = value` lines below it.
    package struct Property: Sendable, Equatable {
        package var value: String
        package var line: Int
        package var nested: [String: String] = [:]
    }

    package typealias Section = [String: Property]

    /// Where the file is.
    package let path: String
    /// By what stands between the brackets, with single spaces and without quotes.
    package private(set) var sections: [String: Section] = [:]

    /// A larger file is no such file.
    package static let maximumBytes = 1 << 20

    /// Reads a file's content.
    /// - Throws: `invalidArgument` with path and line; nothing of the content is told, since it may be a secret.
    package init(path: String, bytes: [UInt8]) throws(StoreError) {
        self.path = path
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        var reader = Reader(path: path)
        for line in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            try reader.read(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
        }
        sections = reader.sections
    }
}

/// One pass over the lines.
private struct Reader {
    let path: String
    var sections: [String: ProfileFile.Section] = [:]
    private var section: String?
    private var property: String?
    private var number = 0

    init(path: String) { self.path = path }

    mutating func read(_ bytes: ArraySlice<UInt8>) throws(StoreError) {
        number += 1
        guard let line = String(validating: bytes, as: UTF8.self) else { throw flaw("is not UTF-8") }
        guard !line.utf8.contains(0) else { throw flaw("has a NUL byte") }
        let isIndented = line.first?.isWhitespace == true
        let text = Self.trimmed(Self.withoutComment(line[...]))
        if text.isEmpty { return }
        if text.first == "[" {
            try begin(text)
        } else if isIndented, property != nil {
            try addNested(text)
        } else {
            try addProperty(text)
        }
    }

    private mutating func begin(_ text: Substring) throws(StoreError) {
        guard text.last == "]" else { throw flaw("begins a section and has no closing bracket") }
        let words = text.dropFirst().dropLast().split(whereSeparator: \.isWhitespace)
        let name = words.map { String($0) }.joined(separator: " ").filter { $0 != "\"" && $0 != "'" }
        guard !name.isEmpty else { throw flaw("is a section without a name") }
        section = name
        property = nil
        sections[name, default: [:]].merge([:]) { old, _ in old }
    }

    private mutating func addProperty(_ text: Substring) throws(StoreError) {
        guard let section else { throw flaw("stands before the first [section]") }
        let (name, value) = try pair(text)
        sections[section, default: [:]][name] = ProfileFile.Property(value: value, line: number)
        property = name
    }

    private mutating func addNested(_ text: Substring) throws(StoreError) {
        guard let section, let property else { return }
        // A value that goes on over several lines is of no setting that is read here.
        guard sections[section]?[property]?.value.isEmpty == true else { return }
        let (name, value) = try pair(text)
        sections[section]?[property]?.nested[name] = value
    }

    private func pair(_ text: Substring) throws(StoreError) -> (name: String, value: String) {
        guard let sign = text.firstIndex(of: "=") else { throw flaw("has no \"=\"") }
        let name = Self.trimmed(text[..<sign])
        guard !name.isEmpty else { throw flaw("has no name before the \"=\"") }
        return (name.lowercased(), String(Self.trimmed(text[text.index(after: sign)...])))
    }

    private func flaw(_ what: String) -> StoreError {
        StoreError(.invalidArgument, "\(path), line \(number), \(what); correct it, or name another file")
    }

    private static func withoutComment(_ line: Substring) -> Substring {
        var before: Character = " "
        for index in line.indices {
            if line[index] == "#" || line[index] == ";", before.isWhitespace { return line[..<index] }
            before = line[index]
        }
        return line
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
