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
