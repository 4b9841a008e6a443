internal import BlobStore

/// Rows with aligned columns, for people. Widths count characters.
public struct Table: Sendable {
    /// How the cells of a column stand.
    public enum Alignment: Sendable { case left, right }

    private let columns: [(title: String, alignment: Alignment)]
    private var rows: [[String]] = []

    /// An empty table with these columns.
    public init(_ columns: [(String, Alignment)]) {
        self.columns = columns.map { (title: $0.0, alignment: $0.1) }
    }

    /// Adds a row; control characters in it are written out.
    public mutating func add(_ cells: [String]) {
        rows.append(cells.map(\.printable))
    }

    /// The lines, the titles first, without trailing spaces.
    public var lines: [String] {
        let all = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = columns.indices.map { pad(row[$0], to: widths[$0], columns[$0].alignment) }.joined(
                separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}

/// `text` with spaces before or after it.
public func pad(_ text: String, to width: Int, _ alignment: Table.Alignment) -> String {
    let spaces = String(repeating: " ", count: max(0, width - text.count))
    return alignment == .left ? text + spaces : spaces + text
}
