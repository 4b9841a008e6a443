extension SystemCalls {
    /// Reads the names in an open folder, from where the descriptor stands to the end.
    /// - Parameters:
    ///   - bufferSizeBytes: for the names of one call.
    ///   - maximumCalls: after which it stops, the end or not.
    ///   - visit: sees each name; it may not keep its memory.
    /// - Returns: how many calls returned names: with one, the listing was a single moment.
    /// - Source: getdents64(2).
    @discardableResult
    package func readNames(
        of folder: Int32, bufferSizeBytes: Int = 1 << 15, atMost maximumCalls: Int = .max,
        _ visit: (DirectoryEntries.Entry) -> Void
    ) throws(Errno) -> Int {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSizeBytes, alignment: 8)
        defer { buffer.deallocate() }
        for call in 0..<maximumCalls {
            let filled = try readDirectory(folder, into: buffer)
            if filled == 0 { return call }
            for entry in DirectoryEntries(UnsafeRawBufferPointer(rebasing: buffer[..<filled])) { visit(entry) }
        }
        return maximumCalls
    }
}
