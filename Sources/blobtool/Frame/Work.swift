internal import BlobStore
internal import BlobTerminal

extension Meter {
    /// Shows how far an operation has come.
    func show(_ progress: WorkProgress) {
        update { reading in
            reading.activity = progress.phase
            reading.items = progress.items
            reading.bytes = progress.bytes
            reading.expectedItems = progress.itemsTotal
            reading.expectedBytes = progress.bytesTotal
        }
    }
}

extension ItemOptions {
    /// The items of `--only`; nil when all are wanted.
    func selection() async throws(StoreError) -> [LocalName]? {
        guard let only else { return nil }
        var seen: Set<LocalName> = []
        return try await ItemFile.read(only).filter { seen.insert($0).inserted }
    }
}

extension Console {
    /// Passes content on to standard output, on a thread that may be blocked.
    func passing(_ content: [UInt8]) async throws(StoreError) {
        try await LocalThreads.run { () throws(StoreError) in self.pass(content) }
        if Task.isCancelled { throw StoreError(.cancelled, "stopped while writing to standard output") }
    }
}
