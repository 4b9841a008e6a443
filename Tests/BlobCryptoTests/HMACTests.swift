import BlobCrypto
import Testing

@Suite("HMAC")
struct HMACTests {
    private struct Vector: CustomTestStringConvertible {
        let number: Int
        let key: [UInt8]
        let message: [UInt8]
        /// Of test case 5, the first half.
        let code: String

        var testDescription: String { "test case \(number)" }
    }

    /// - Source: RFC 4231, sections 4.2 to 4.8.
    private static let published = [
        Vector(
            number: 1, key: repeated(0x0B, 20), message: bytes("Hi There"),
            code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        Vector(
            number: 2, key: bytes("Jefe"), message: bytes("what do ya want for nothing?"),
            code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        Vector(
            number: 3, key: repeated(0xAA, 20), message: repeated(0xDD, 50),
            code: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        Vector(
            number: 4, key: Array(1...25), message: repeated(0xCD, 50),
            code: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        Vector(
            number: 5, key: repeated(0x0C, 20), message: bytes("Test With Truncation"),
            code: "a3b6167473100ee06e0c796c2955552b"),
        Vector(
            number: 6, key: repeated(0xAA, 131),
            message: bytes("Test Using Larger Than Block-Size Key - Hash Key First"),
            code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        Vector(
            number: 7, key: repeated(0xAA, 131),
            message: bytes(
                "This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm."),
            code: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ]

    private static func repeated(_ byte: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: byte, count: count) }
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("the published vectors come out, from memory of one piece or not", arguments: published)
    private func vectors(_ vector: Vector) throws {
        let code = try #require(HMAC.sha256(vector.message, key: vector.key))
        #expect(code.count == 32 && Hex.text(code).hasPrefix(vector.code))
        #expect(HMAC.sha256(AnySequence(vector.message), key: vector.key) == code)
    }

    @Test("a key as long as a block is used as it is, and a longer one by its hash")
    func longKeys() {
        let (block, longer) = (Self.repeated(7, 64), Self.repeated(7, 65))
        var hasher = Hasher(.sha256)
        hasher.update(longer)
        let hash = hasher.finish()
        #expect(hash.flatMap { HMAC.sha256([1, 2], key: $0) } == HMAC.sha256([1, 2], key: longer))
        #expect(HMAC.sha256([1, 2], key: block) != HMAC.sha256([1, 2], key: longer))
        #expect(HMAC.sha256([1, 2], key: Self.repeated(7, 63)) != HMAC.sha256([1, 2], key: block))
    }

    @Test("an empty message and an empty key have their codes, and a key counts as if zeros followed it")
    func empty() {
        let neither = HMAC.sha256([], key: []).map { Hex.text($0) }
        #expect(neither == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
        #expect(HMAC.sha256([], key: [1]) == HMAC.sha256([], key: [1, 0]))
        #expect(HMAC.sha256([], key: [1]) != HMAC.sha256([], key: [2]))
    }
}
