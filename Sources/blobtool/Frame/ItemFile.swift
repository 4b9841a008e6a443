internal import BlobStore
internal import BlobTerminal
internal import FoundationEssentials
internal import Glibc
internal import Synchronization

/// A file of items, one a line: what `--failed` writes and `--only` reads. A name that has control characters, or
/// begins with a quotation mark, stands as a JSON string.
final class ItemFile: Sendable {
    private let path: String
    private let temporary: String
    // Used under the lock of whoever owns this; stdio has a lock of its own besides.
    private nonisolated(unsafe) let file: UnsafeMutablePointer<FILE>

    /// Begins a file beside `path`, which takes its place only when it is finished: `--only` may read the same.
    init(_ path: String) throws(StoreError) {
        self.path = path
        temporary = "\(path).\(getpid()).part"
        guard let file = fopen(temporary, "we") else { throw Self.problem(path) }
        self.file = file
    }

    func add(_ item: String) throws(StoreError) {
        guard fputs(Self.line(item) + "\n", file) >= 0 else { throw Self.problem(path) }
    }

    /// To be called once, as the last.
    func finish() throws(StoreError) {
        guard fclose(file) == 0, rename(temporary, path) == 0 else { throw Self.problem(path) }
    }

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

    private static func problem(_ path: String) -> StoreError {
        StoreError(
            .failed, "the failed items could not be written to \(path): \(String(cString: strerror(errno)))",
            cause: .errno(errno, call: "write"))
    }
}
