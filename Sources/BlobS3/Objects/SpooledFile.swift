internal import BlobStore
internal import BlobSystem
internal import FoundationEssentials

/// A file of this machine that has no name, and goes with its last user.
final class SpooledFile: Sendable {
    private let file: Descriptor
    private let pool: BlockingPool

    private init(_ file: consuming Descriptor, _ pool: BlockingPool) {
        self.file = file
        self.pool = pool
    }

    /// - Throws: what opening a file in `TMPDIR`, else in `/var/tmp`, comes to.
    static func make(_ pool: BlockingPool) async throws(StoreError) -> SpooledFile {
        let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
        return try await run(pool) { () throws(StoreError) in
            let calls = UninterruptedCalls(LinuxCalls())
            let name = ".blobstore-\(UInt64.random(in: 0...UInt64.max))"
            do throws(Errno) {
                let directory = try calls.opened(path: folder, [.directory])
                let file = try calls.opened(path: "\(folder)/\(name)", [.readWrite, .create, .exclusive], mode: 0o600)
                try calls.unlink(name, in: directory.raw)
                return SpooledFile(file, pool)
            } catch {
                throw StoreError(error, call: "open", "a temporary file in \(folder)")
            }
        }
    }

    func write(_ bytes: [UInt8], at offset: Int64) async throws(StoreError) {
        try await Self.run(pool) { () throws(StoreError) in
            do throws(Errno) { try self.writeAll(bytes, at: offset) } catch {
                throw StoreError(error, call: "pwrite", "the temporary file for an upload")
            }
        }
    }

    /// The first `size` bytes in chunks; each call reads anew.
    func chunks(size: Int64) -> AsyncPull<[UInt8]> {
        let position = Position()
        return AsyncPull { () async throws(StoreError) in
            let start = Int64(position.advance(by: chunkSizeBytes, upTo: Int(size)))
            if start == size { return nil }
            let count = Int(min(Int64(chunkSizeBytes), size - start))
            return try await Self.run(self.pool) { () throws(StoreError) in
                do throws(Errno) { return try self.read(count, at: start) } catch {
                    throw StoreError(error, call: "pread", "the temporary file for an upload")
                }
            }
        }
    }

    private func writeAll(_ bytes: [UInt8], at offset: Int64) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let part = bytes.span.bytes.extracting(done..<bytes.count)
            done += try part.withUnsafeBytes { part throws(Errno) -> Int in
                try file.calls.write(file.raw, part, at: offset + Int64(done))
            }
        }
    }

    private func read(_ count: Int, at offset: Int64) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            while done < count, failure == nil {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[done...])
                do throws(Errno) {
                    let got = try file.calls.read(file.raw, into: rest, at: offset + Int64(done))
                    if got == 0 { failure = .inputOutput }
                    done += got
                } catch { failure = error }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    private static func run<Value: Sendable>(
        _ pool: BlockingPool, _ body: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let outcome = await pool.run(deadline: nil) { (_) throws(StoreError) in try body() }
        guard case .done(let result) = outcome else {
            throw StoreError(.unavailable, "this process can start no more threads, or the storage was closed")
        }
        return try result.get()
    }
}
