package import BlobSystem

/// The threads that work on files of this machine which belong to no root: what is published, what is pulled.
package enum LocalThreads {
    package static let calls: any SystemCalls = UninterruptedCalls(LinuxCalls())
    private static let pool = BlockingPool(name: "files", limits: .init(threads: 16))

    /// Runs blocking work away from Swift's own threads. It has no deadline: a pipe may take its time.
    package static func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        switch await pool.run(deadline: nil, { (_) throws(StoreError) in try body() }) {
        case .done(let result): return try result.get()
        case .expired, .refused:
            throw StoreError(.unavailable, "too many files are being worked on at once: try again")
        }
    }
}

extension SystemCalls {
    /// Reads up to `count` bytes, fewer only at the end of the file.
    package func readFully(_ descriptor: Int32, _ count: Int, at offset: Int64) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(Errno) {
                while filled < count {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                    let read = try read(descriptor, into: rest, at: offset + Int64(filled))
                    if read == 0 { break }
                    filled += read
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }
}
