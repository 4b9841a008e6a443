internal import BlobStore
internal import BlobTerminal
internal import FoundationEssentials

/// A file of items, one a line: what `--failed` writes and `--only` reads.
///
/// A name that has control characters, begins with a quotation mark or is no UTF-8 stands as a JSON string, in which
/// `\xff` stands for a byte that is part of no UTF-8.
final class ItemFile: Sendable {
    private let file: LocalOutput

    /// Begins a file that takes the place of the one at `path` only when it is finished: `--only` may read the same.
    init(_ path: String) throws(StoreError) {
        do { file = try LocalOutput(path) } catch { throw Self.problem(error) }
    }

    func add(_ item: LocalName) throws(StoreError) {
        do { try file.append(Array((Self.line(item) + "\n").utf8)) } catch { throw Self.problem(error) }
    }

    /// To be called once, as the last.
    func finish() throws(StoreError) {
        do { try file.finish() } catch { throw Self.problem(error) }
    }

    /// Leaves the file that was there as it was.
    func abandon() { file.abandon() }

    /// An item as a line.
    static func line(_ item: LocalName) -> String {
        if let text = item.text, text.printable == text && !text.hasPrefix("\"") { return text }
        let content = item.parts.map { part in
            switch part {
            case .byte(let byte): return byte.escaped
            case .text(let text):
                var quoted = ""
                LineValue.string(text).write(to: &quoted)
                return String(quoted.dropFirst().dropLast())
            }
        }
        return "\"\(content.joined())\""
    }

    /// The items that a file lists; empty lines count for nothing.
    static func read(_ path: String) async throws(StoreError) -> [LocalName] {
        var bytes: [UInt8] = []
        for try await chunk in try await LocalFile.open(path, followingLinks: true).chunks() { bytes += chunk }
        var items: [LocalName] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            guard let item = item(line) else {
                throw StoreError(.invalidArgument, "the file of items \(path) has a broken string on line \(index + 1)")
            }
            items.append(item)
        }
        return items
    }

    /// The item that a line says; nil when it is a broken string.
    static func item(_ line: ArraySlice<UInt8>) -> LocalName? {
        guard line.first == UInt8(ascii: "\"") else { return LocalName(bytes: Array(line)) }
        guard line.count > 1, line.last == UInt8(ascii: "\"") else { return nil }
        var bytes: [UInt8] = []
        var piece: [UInt8] = []
        var rest = line.dropFirst().dropLast()
        while let byte = rest.popFirst() {
            piece.append(byte)
            guard byte == UInt8(ascii: "\\"), let kind = rest.popFirst() else { continue }
            piece.append(kind)
            guard kind == UInt8(ascii: "x") else { continue }
            let digits = rest.prefix(2)
            guard let odd = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), digits.count == 2,
                let text = text(piece.dropLast(2))
            else { return nil }
            bytes += text + [odd]
            piece = []
            rest = rest.dropFirst(2)
        }
        return text(piece[...]).map { LocalName(bytes: bytes + $0) }
    }

    /// What a JSON string says whose quotation marks were taken off.
    private static func text(_ content: ArraySlice<UInt8>) -> [UInt8]? {
        let mark = UInt8(ascii: "\"")
        return (try? JSONDecoder().decode(String.self, from: Data([mark] + content + [mark]))).map { Array($0.utf8) }
    }

    private static func problem(_ error: StoreError) -> StoreError {
        StoreError(error.code, "the failed items could not be kept: \(error.message)", cause: error.cause)
    }
}
