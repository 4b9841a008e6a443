internal import BlobStore
internal import BlobTerminal
internal import LocalFiles

extension Session {
    /// Writes a document to a file, which appears whole or not at all, or to standard output where that is `-`.
    func write(_ document: String, to path: String) async throws(StoreError) {
        if path == "-" { return try await console.passing(Array(document.utf8)) }
        try await LocalDestination.write(path) { (append) async throws(StoreError) in
            try await append(Array(document.utf8))
        }
        console.say("wrote \(path.printable)")
    }
}
