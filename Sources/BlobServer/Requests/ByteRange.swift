/// The part of a content that a request asks for.
/// - Source: RFC 9110, section 14.
enum ByteRange: Equatable {
    /// All of it: there is no range, it cannot be understood, or there are several.
    case whole
    case part(Range<Int64>)
    case unsatisfiable

    init(_ field: String?, size: Int64) {
        guard let text = field.flatMap(Self.only) else {
            self = .whole
            return
        }
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        self = parts.count == 2 ? Self.range(first: parts[0], last: parts[1], size: size) : .whole
    }

    /// The only range of a field; nil where there are several, or another unit.
    private static func only(_ field: String) -> String? {
        guard field.lowercased().hasPrefix("bytes=") else { return nil }
        let text = field.dropFirst("bytes=".count).filter { $0 != " " && $0 != "\t" }
        return text.contains(",") ? nil : text
    }

    private static func range(first: Substring, last: Substring, size: Int64) -> ByteRange {
        guard isNumber(first) || first.isEmpty, isNumber(last) || last.isEmpty, first + last != "" else {
            return .whole
        }
        let stop = Int64(last) ?? .max
        if first.isEmpty {
            let count = min(stop, size)
            return count == 0 ? .unsatisfiable : .part((size - count)..<size)
        }
        guard let start = Int64(first), start < size else { return .unsatisfiable }
        return stop < start ? .whole : .part(start..<(min(stop, size - 1) + 1))
    }

    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
