internal import BlobStore
internal import BlobTerminal
internal import FoundationEssentials

/// A file of items, one a line: what `--failed` writes and `--only` reads. A name that has control characters, or
/// begins with a quotation mark, stands as a JSON string.
final class ItemFile: Sendable {
    private let file: LocalOutput

    /// Begins a file that takes the place of the one at `path` only when it is finished: `--only` may read the same.
    init(_ path: String) throws(StoreError) {
        do { file = try LocalOutput(path) } catch { throw Self.problem(error) }
    }

    func add(_ item: String) throws(StoreError) {
        do { try file.append(Array((Self.line(item) + "\n").utf8)) } catch { throw Self.problem(error) }
    }

    /// To be called once, as the last.
    func finish() throws(StoreError) {
        do { try file.finish() } catch { throw Self.problem(error) }
    }

    /// Leaves the file that was there as it was.
    func abandon() { file.abandon() }

    /// An item as a line.
    static func line(_ item: String) -> String {
        if item.printable == item && !item.hasPrefix("\"") { return item }
        var text = ""
        LineValue.string(item).write(to: &text)
        return text
    }

    /// The items that a file lists; empty lines count for nothing.
    static func read(_ path: String) async throws(StoreError) -> [String] {
        var bytes: [UInt8] = []
        for try await chunk in try await LocalFile.open(path, followingLinks: true).chunks() { bytes += chunk }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw StoreError(.invalidArgument, "the file of items \(path) is no valid UTF-8")
        }
        var items: [String] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            guard line.hasPrefix("\"") else {
                items.append(String(line))
                continue
            }
            guard let item = try? JSONDecoder().decode(String.self, from: Data(line.utf8)) else {
                throw StoreError(.invalidArgument, "the file of items \(path) has a broken string on line \(index + 1)")
            }
            items.append(item)
        }
        return items
    }

    private static func problem(_ error: StoreError) -> StoreError {
        StoreError(error.code, "the failed items could not be kept: \(error.message)", cause: error.cause)
    }
}
