internal import BlobSystem
internal import Glibc
public import ObjectStorage
internal import Synchronization

/// Content that comes through a pipe or terminal and can be read once.
public enum LocalPipe {
    /// Standard input, to its end.
    ///
    /// *Cancellation*: ends the wait for a slow writer.
    public static func standardInput() -> AsyncPull<[UInt8]> {
        AsyncPull { () throws(StoreError) in
            let wait = PipeWait()
            let result: Result<[UInt8]?, StoreError> = await withTaskCancellationHandler {
                do throws(StoreError) {
                    return .success(
                        try await LocalThreads.run { () throws(StoreError) in
                            try wait.untilReadable(0)
                            return try read(0)
                        })
                } catch { return .failure(error) }
            } onCancel: {
                wait.cancel()
            }
            return try result.get()
        }
    }

    /// The next bytes; nil at the end.
    private static func read(_ descriptor: Int32) throws(StoreError) -> [UInt8]? {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: chunkSizeBytes) { buffer, filled in
            do throws(Errno) {
                filled = try LocalThreads.calls.read(descriptor, into: UnsafeMutableRawBufferPointer(buffer))
            } catch { failure = error }
        }
        if let failure {
            throw StoreError(.sourceFailed, "standard input could not be read: \(failure)")
        }
        return bytes.isEmpty ? nil : bytes
    }
}

/// A wait for bytes that can be given up.
/// - Source: poll(2).
private final class PipeWait: Sendable {
    /// How soon giving up is noticed.
    private static let lookMilliseconds: Int32 = 100
    private let isCancelled = Atomic(false)

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    /// Returns when a read would not block.
    func untilReadable(_ descriptor: Int32) throws(StoreError) {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while !isCancelled.load(ordering: .relaxed) {
            // What poll cannot wait for (EINTR apart) is for the read to complain of.
            let ready = poll(&wanted, 1, Self.lookMilliseconds)
            if ready > 0 || (ready < 0 && errno != EINTR) { return }
        }
        throw StoreError(.cancelled, "cancelled while waiting for standard input")
    }
}
