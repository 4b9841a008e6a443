internal import BlobStore
internal import BlobTerminal
internal import LocalFiles

/// A file of items, one a line (see ``ItemLine``): what `--failed` writes and `--only` reads.
final class ItemFile: Sendable {
    /// More names than this are no list that a person or a run made.
    private static let maximumBytes = 1 << 30

    private let file: LocalOutput

    /// Begins a file that takes the place of the one at `path` only when it is finished: `--only` may read the same.
    init(_ path: String) throws(StoreError) {
        do { file = try LocalOutput(path) } catch { throw Self.problem(error) }
    }

    func add(_ item: LocalName) throws(StoreError) {
        do { try file.append(Array((ItemLine.text(item) + "\n").utf8)) } catch { throw Self.problem(error) }
    }

    /// To be called once, as the last.
    func finish() throws(StoreError) {
        do { try file.finish() } catch { throw Self.problem(error) }
    }

    /// Leaves the file that was there as it was.
    func abandon() { file.abandon() }

    /// The items that a file lists, or standard input where it is `-`; empty lines count for nothing.
    static func read(_ path: String) async throws(StoreError) -> [LocalName] {
        let chunks =
            if path == "-" { LocalPipe.standardInput() } else {
                try await LocalFile.open(path, followingLinks: true).chunks()
            }
        var bytes: [UInt8] = []
        for try await chunk in chunks {
            bytes += chunk
            if bytes.count > maximumBytes {
                throw StoreError(.invalidArgument, "the list of items \(path) is larger than 1 GiB; split it")
            }
        }
        var items: [LocalName] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            guard let item = ItemLine.name(line) else {
                throw StoreError(
                    .invalidArgument, "the list of items \(path) has a malformed string on line \(index + 1)")
            }
            items.append(item)
        }
        return items
    }

    private static func problem(_ error: StoreError) -> StoreError {
        StoreError(error.code, "the list of failed items could not be written: \(error.message)", cause: error.cause)
    }
}
