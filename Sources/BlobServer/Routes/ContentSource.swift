internal import BlobCluster

/// Where the content of an answer comes from.
enum ContentSource: Sendable {
    case package(Package)
    case blob(StoredContent)

    /// Whether the content can be read, as far as that shows without reading it.
    func isThere() async throws -> Bool {
        switch self {
        case .package(let package): try await package.isContentThere()
        case .blob: true
        }
    }

    /// Opens the content, or a part of it: of all of it the last chunk comes only after the digest matched.
    func read(
        _ range: Range<Int64>?, in pieces: Pieces, _ body: (AsyncPull<[UInt8]>) async throws -> Void
    ) async throws {
        func run(_ content: ObjectContent) async throws(StoreError) -> Result<Void, any Error> {
            do { return .success(try await body(content.chunks)) } catch { return .failure(error) }
        }
        switch self {
        case .package(let package): try await package.read(range, in: pieces, run).get()
        case .blob(let content): try await content.read(range, in: pieces, run).get()
        }
    }
}
