internal import BlobCrypto
internal import BlobSystem
internal import LocalFiles
internal import Synchronization

/// That a package record names a digest.
struct Reference: Sendable, Equatable {
    enum Kind: UInt8, Sendable {
        /// The package's content.
        case current
        /// The content of a former revision that can be restored.
        case former
        /// Of a deleted package, whose content is collected some day.
        case deleted
    }

    let digest: Digest
    let size: Int64
    let kind: Kind
    let path: String
}

extension PackageRecord {
    /// Each digest that this record names, once.
    var allReferences: [Reference] {
        let isDeleted = deleted != nil
        let current = Reference(digest: digest, size: size, kind: isDeleted ? .deleted : .current, path: path.text)
        return [current]
            + (previous ?? []).filter { $0.digest != digest }.map {
                Reference(digest: $0.digest, size: $0.size, kind: isDeleted ? .deleted : .former, path: path.text)
            }
    }
}

/// All references of a feed, put aside by the first byte of the digest, so that they can be joined with the blobs
/// one folder at a time in little memory.
///
/// What does not fit into small buffers goes to one nameless temporary file.
final class References: Sendable {
    static let bucketCount = 256
    private static let bufferBytes = 16_384

    private struct Bucket: Sendable {
        var buffer: [UInt8] = []
        /// Where earlier buffers stand in the file.
        var extents: [(offset: Int64, count: Int)] = []
    }

    private struct State: Sendable {
        var buckets = [Bucket](repeating: Bucket(), count: References.bucketCount)
        var end: Int64 = 0
    }

    private let state = Mutex(State())
    private let file: Descriptor

    private init(_ file: consuming Descriptor) {
        self.file = file
    }

    /// An empty collection.
    static func make() async throws(StoreError) -> References {
        try await LocalThreads.run { () throws(StoreError) in References(try temporaryFile()) }
    }

    /// A file that is gone when it is closed.
    private static func temporaryFile() throws(StoreError) -> Descriptor {
        do throws(Errno) { return try TemporaryFile.open(LocalThreads.calls) } catch {
            throw StoreError(error, call: "open", "a temporary file in \(TemporaryFile.folder) (see TMPDIR)")
        }
    }

    /// Adds what one page of records names.
    func add(_ references: [Reference]) async throws(StoreError) {
        try await LocalThreads.run { () throws(StoreError) in
            let result: Result<Void, StoreError> = self.state.withLock { state in
                do throws(StoreError) {
                    for reference in references { try self.add(reference, &state) }
                    return .success(())
                } catch { return .failure(error) }
            }
            try result.get()
        }
    }

    private func add(_ reference: Reference, _ state: inout State) throws(StoreError) {
        let bucket = reference.digest.bucket
        reference.encode(into: &state.buckets[bucket].buffer)
        let buffer = state.buckets[bucket].buffer
        guard buffer.count >= Self.bufferBytes else { return }
        do throws(Errno) { try LocalThreads.calls.writeFully(file.raw, buffer, at: state.end) } catch {
            throw StoreError(error, call: "pwrite", "a temporary file (see TMPDIR)")
        }
        state.buckets[bucket].extents.append((state.end, buffer.count))
        state.buckets[bucket].buffer.removeAll(keepingCapacity: true)
        state.end += Int64(buffer.count)
    }

    /// How many digests are named, and how many bytes those have that are asked for, as the records state.
    func extent(_ isAskedFor: (Digest) -> Bool) async throws(StoreError) -> (digests: Int64, bytes: Int64) {
        var extent: (digests: Int64, bytes: Int64) = (0, 0)
        for bucket in 0..<Self.bucketCount {
            for (digest, named) in try await load(bucket) {
                // The content of deleted packages may be gone.
                guard let wanted = named.first(where: { $0.kind != .deleted }) else { continue }
                extent.digests += 1
                if isAskedFor(digest) { extent.bytes.add(stated: wanted.size) }
            }
        }
        return extent
    }

    /// The references to the digests of a bucket, by digest.
    func load(_ bucket: Int) async throws(StoreError) -> [Digest: [Reference]] {
        let found = state.withLock { $0.buckets[bucket] }
        return try await LocalThreads.run { () throws(StoreError) in
            var all: [Digest: [Reference]] = [:]
            for extent in found.extents {
                do throws(Errno) {
                    let bytes = try LocalThreads.calls.readFully(self.file.raw, extent.count, at: extent.offset)
                    Reference.decode(bytes) { all[$0.digest, default: []].append($0) }
                } catch {
                    throw StoreError(error, call: "pread", "a temporary file (see TMPDIR)")
                }
            }
            Reference.decode(found.buffer) { all[$0.digest, default: []].append($0) }
            return all
        }
    }
}

/// What is named, of digests that come in their order: each bucket is loaded once.
///
/// *Cost*: memory for one bucket.
struct OrderedReferences: Sendable {
    private let references: References
    private var bucket = -1
    private var loaded: [Digest: [Reference]] = [:]

    init(_ references: References) { self.references = references }

    /// The references to a digest.
    mutating func named(_ digest: Digest) async throws(StoreError) -> [Reference] {
        if digest.bucket != bucket {
            // The former one goes first; and where the next cannot be loaded, nothing is taken for unnamed.
            (bucket, loaded) = (-1, [:])
            loaded = try await references.load(digest.bucket)
            bucket = digest.bucket
        }
        return loaded[digest] ?? []
    }
}

extension Digest {
    /// The bucket of references that a digest is in: its first byte.
    var bucket: Int { Int(leadingBits >> 24) }
}

extension Reference {
    /// 32 bytes of digest, 8 of size, 1 of kind, 2 of the path's length, and the path.
    fileprivate func encode(into buffer: inout [UInt8]) {
        var hex = digest.hex.utf8[...]
        while let high = hex.popFirst(), let low = hex.popFirst() {
            buffer.append(Hex.byte(high, low) ?? 0)
        }
        withUnsafeBytes(of: size.littleEndian) { buffer.append(contentsOf: $0) }
        buffer.append(kind.rawValue)
        withUnsafeBytes(of: UInt16(clamping: path.utf8.count).littleEndian) { buffer.append(contentsOf: $0) }
        buffer.append(contentsOf: path.utf8.prefix(Int(UInt16.max)))
    }

    fileprivate static func decode(_ bytes: [UInt8], _ body: (Reference) -> Void) {
        bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset + 43 <= bytes.count {
                let digest = Hex.text(bytes[offset..<offset + 32])
                let size = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 32, as: Int64.self))
                let kind = Kind(rawValue: bytes[offset + 40]) ?? .current
                let length = Int(
                    UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 41, as: UInt16.self)))
                let path = String(decoding: bytes[offset + 43..<min(offset + 43 + length, bytes.count)], as: UTF8.self)
                if let digest = Digest(hex: digest) {
                    body(Reference(digest: digest, size: size, kind: kind, path: path))
                }
                offset += 43 + length
            }
        }
    }
}
