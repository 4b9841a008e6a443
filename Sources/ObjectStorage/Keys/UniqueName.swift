internal import FoundationEssentials

/// A name that nobody else has: a random UUID in lower case.
///
/// - Cost: two reads of the kernel's random numbers, where `UUID()` opens, reads and closes `/dev/urandom`.
/// - Source: getrandom(2); RFC 9562, version 4.
package func uniqueName() -> String {
    var random = SystemRandomNumberGenerator()
    // The version is in byte 6, the variant in byte 8.
    let version = random.next() & ~(0xf0 << 48) | 0x40 << 48 as UInt64
    let variant = random.next() & ~0xc0 | 0x80 as UInt64
    let uuid = withUnsafeBytes(of: (version.littleEndian, variant.littleEndian)) { $0.load(as: uuid_t.self) }
    return UUID(uuid: uuid).uuidString.lowercased()
}
