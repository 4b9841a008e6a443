import BlobCrypto
import Testing

@Suite("Hashing")
struct HasherTests {
    private struct Vector: CustomTestStringConvertible {
        let function: HashFunction
        let message: String
        let hash: String

        init(_ function: HashFunction, _ message: String, _ hash: String) {
            self.function = function
            self.message = message
            self.hash = hash
        }

        var testDescription: String { "\(function.rawValue) of \(message.utf8.count) bytes" }
    }

    private static let million = String(repeating: "a", count: 1_000_000)
    private static let bits448 = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
    private static let bits896 =
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"

    /// - Source: FIPS 180-4; the examples of NIST's Cryptographic Standards and Guidelines, and RFC 6234, section 8.5.
    private static let sha = [
        Vector(.sha1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        Vector(.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        Vector(.sha1, bits448, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
        Vector(.sha1, million, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
        Vector(.sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        Vector(.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        Vector(.sha256, bits448, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
        Vector(.sha256, bits896, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"),
        Vector(.sha256, million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        Vector(
            .sha512, "",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                + "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"),
        Vector(
            .sha512, "abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"),
        Vector(
            .sha512, bits896,
            "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
                + "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909"),
        Vector(
            .sha512, million,
            "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
                + "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"),
    ]

    /// - Source: RFC 1321, appendix A.5.
    private static let md5 = [
        Vector(.md5, "", "d41d8cd98f00b204e9800998ecf8427e"),
        Vector(.md5, "a", "0cc175b9c0f1b6a831c399e269772661"),
        Vector(.md5, "abc", "900150983cd24fb0d6963f7d28e17f72"),
        Vector(.md5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        Vector(.md5, "abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        Vector(
            .md5, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"),
        Vector(.md5, String(repeating: "1234567890", count: 8), "57edf4a22be3c955ac49da2e2107b67a"),
    ]

    @Test("the published vectors come out, at once and byte by byte", arguments: sha + md5)
    private func published(_ vector: Vector) {
        #expect(Hasher.hex(vector.function, of: vector.message.utf8) == vector.hash)
        var hasher = Hasher(vector.function)
        for byte in vector.message.utf8 { hasher.update(CollectionOfOne(byte)) }
        #expect(hasher.finish().map { Hex.text($0) } == vector.hash)
    }

    @Test("pieces of every size give the hash of the whole", arguments: HashFunction.allCases)
    func pieces(_ function: HashFunction) {
        let message = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let whole = Hasher.hex(function, of: message)
        for size in 1...message.count {
            var hasher = Hasher(function)
            for start in stride(from: 0, to: message.count, by: size) {
                hasher.update(message[start..<min(start + size, message.count)])
            }
            #expect(hasher.finish().map { Hex.text($0) } == whole, "pieces of \(size) bytes")
        }
    }

    @Test("what adds nothing changes nothing, before, between and after", arguments: HashFunction.allCases)
    func nothing(_ function: HashFunction) {
        var hasher = Hasher(function)
        hasher.update([])
        hasher.update("ab".utf8)
        hasher.update(EmptyCollection<UInt8>())
        hasher.update("c".utf8)
        hasher.update(""[...].utf8)
        #expect(hasher.finish().map { Hex.text($0) } == Hasher.hex(function, of: "abc".utf8))
    }

    @Test("bytes count in their order, in memory of one piece or not", arguments: HashFunction.allCases)
    func scattered(_ function: HashFunction) {
        let message = Array("0123456789".utf8)
        let whole = Hasher.hex(function, of: message)
        #expect(Hasher.hex(function, of: AnySequence(message)) == whole)
        #expect(Hasher.hex(function, of: message.lazy.map { $0 }) == whole)
        #expect(Hasher.hex(function, of: message.reversed().reversed()) == whole)
        #expect(Hasher.hex(function, of: message.reversed()) != whole)
    }

    @Test("two hashers do not disturb each other, and one may be finished by another task")
    func independent() async {
        var one = Hasher(.sha256)
        var two = Hasher(.sha256)
        one.update("a".utf8)
        two.update("x".utf8)
        one.update("bc".utf8)
        let own = one
        let hash = await Self.finished(own)
        #expect(hash.map { Hex.text($0) } == Hasher.hex(.sha256, of: "abc".utf8))
        #expect(two.finish().map { Hex.text($0) } == Hasher.hex(.sha256, of: "x".utf8))
    }

    @concurrent
    private static func finished(_ hasher: consuming Hasher) async -> [UInt8]? { hasher.finish() }
}
