internal import BlobStore
internal import BlobSystem

/// A file or folder that is open, shared by those who work with it, and closed with the last of them.
final class OpenFile: Sendable {
    private let descriptor: Descriptor
    let calls: any SystemCalls
    /// How a person would name it.
    let subject: String

    init(_ descriptor: consuming Descriptor, _ subject: String) {
        calls = descriptor.calls
        self.descriptor = descriptor
        self.subject = subject
    }

    var raw: Int32 { descriptor.raw }

    func status() throws(StoreError) -> FileStatus {
        do { return try calls.status(of: raw) } catch { throw StoreError(error, call: "fstat", subject) }
    }

    /// Reads as much as there is, up to `count` bytes; short only at the end of the file.
    func read(at offset: Int64, count: Int) throws(StoreError) -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(Errno) {
                while filled < count {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                    let got = try calls.read(raw, into: rest, at: offset + Int64(filled))
                    if got == 0 { break }
                    filled += got
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw StoreError(failure, call: "pread", subject) }
        return bytes
    }

    /// Writes all bytes, however many calls that takes.
    func write(_ bytes: [UInt8], at offset: Int64) throws(StoreError) {
        var failure: Errno?
        bytes.withUnsafeBytes { buffer in
            do throws(Errno) {
                var done = 0
                while done < buffer.count {
                    let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
                    let written = try calls.write(raw, rest, at: offset + Int64(done))
                    if written <= 0 { throw Errno.inputOutput }
                    done += written
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw StoreError(failure, call: "pwrite", subject) }
    }
}
