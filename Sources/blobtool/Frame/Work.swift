internal import BlobStore
internal import BlobTerminal
internal import Synchronization

extension AsyncPull<[UInt8]> {
    /// The same content, whose bytes are counted as they pass.
    func metered(_ meter: Meter) -> AsyncPull<[UInt8]> {
        let next = puller()
        return AsyncPull { () async throws(StoreError) in
            let chunk = try await next()
            meter.add(bytes: Int64(chunk?.count ?? 0))
            return chunk
        }
    }
}

extension ObjectSource {
    /// The same content, whose bytes are counted as they pass. Of several readings the last one counts.
    func metered(_ meter: Meter) -> ObjectSource {
        let counted = Mutex<Int64>(0)
        return ObjectSource(size: size) { () async throws(StoreError) in
            let next = try await read().puller()
            let before = counted.withLock { count in
                defer { count = 0 }
                return count
            }
            meter.add(bytes: -before)
            return AsyncPull { () async throws(StoreError) in
                let chunk = try await next()
                let count = Int64(chunk?.count ?? 0)
                counted.withLock { $0 += count }
                meter.add(bytes: count)
                return chunk
            }
        }
    }
}

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
