internal import CLibCrypto
internal import Synchronization

/// A hash function of libcrypto's.
public enum HashFunction: String, Sendable, CaseIterable, Codable {
    case sha256, sha1, sha512, md5

    fileprivate var method: OpaquePointer? {
        switch self {
        case .sha256: EVP_sha256()
        case .sha1: EVP_sha1()
        case .sha512: EVP_sha512()
        case .md5: EVP_md5()
        }
    }
}

/// A running hash; owns libcrypto's context of it.
///
/// libcrypto refuses a function only where the machine's policy forbids it (MD5 in FIPS mode) or memory is out;
/// such a hasher says so at its end.
/// - Source: EVP_DigestInit(3ssl).
public struct Hasher: ~Copyable, Sendable {
    private nonisolated(unsafe) let context: OpaquePointer?  // Used by its owner alone: the hasher is not copyable.
    private var isSound: Bool

    /// A hasher that has seen nothing yet.
    public init(_ function: HashFunction) {
        context = EVP_MD_CTX_new()
        isSound = context != nil && EVP_DigestInit_ex(context, function.method, nil) == 1
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds bytes.
    public mutating func update(_ bytes: some Sequence<UInt8>) {
        let done: Int32? = bytes.withContiguousStorageIfAvailable {
            EVP_DigestUpdate(context, $0.baseAddress, $0.count)
        }
        guard let done else { return update(Array(bytes)) }
        isSound = isSound && done == 1
    }

    /// The hash as bytes; nil when libcrypto refused.
    public consuming func finish() -> [UInt8]? {
        guard isSound else { return nil }
        var length: UInt32 = 0
        var isDone = false
        let hash = [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
            isDone = EVP_DigestFinal_ex(context, buffer.baseAddress, &length) == 1
            count = isDone ? Int(length) : 0
        }
        return isDone ? hash : nil
    }

    /// The hash of bytes in memory, in lower-case hex; nil when libcrypto refused.
    public static func hex(_ function: HashFunction, of bytes: some Sequence<UInt8>) -> String? {
        var hasher = Hasher(function)
        hasher.update(bytes)
        return hasher.finish().map(Hex.text)
    }
}
