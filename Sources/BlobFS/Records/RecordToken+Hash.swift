internal import BlobCrypto
internal import BlobStore

extension RecordToken {
    static func hash(of bytes: [UInt8]) throws(StoreError) -> String {
        guard let hash = Hasher.hex(.sha256, of: bytes) else {
            throw StoreError(.failed, "libcrypto refused to compute a SHA-256")
        }
        return hash
    }
}
