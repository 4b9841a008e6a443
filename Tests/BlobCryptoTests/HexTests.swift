import BlobCrypto
import Testing

@Suite("Hexadecimal digits")
struct HexTests {
    @Test("each byte becomes two lower-case digits, in memory of one piece or not")
    func text() {
        #expect(Hex.text([]).isEmpty)
        #expect(Hex.text([0, 1, 0x0F, 0x10, 0xA9, 0xFF]) == "00010f10a9ff")
        #expect(Hex.text("abc".utf8) == "616263")
        #expect(Hex.text([3, 2, 1].reversed()) == "010203")
    }

    @Test("a number has at least as many digits as asked for, and never fewer than it needs")
    func numbers() {
        #expect(Hex.text(0, count: 3) == "000")
        #expect(Hex.text(0xAB, count: 3) == "0ab")
        #expect(Hex.text(0xABCD, count: 3) == "abcd")
        #expect(Hex.text(UInt64.max, count: 10) == "ffffffffffffffff")
    }

    @Test("every byte is read back from its digits; capitals are digits only where they are taken")
    func bytes() {
        let all = (0...255).map { UInt8($0) }
        let text = Hex.text(all)
        let capitals = text.uppercased()
        #expect(Hex.bytes(text.utf8) == all)
        #expect(Hex.bytes(text.utf8, takesCapitals: true) == all)
        #expect(Hex.bytes(capitals.utf8) == nil)
        #expect(Hex.bytes(capitals.utf8, takesCapitals: true) == all)
    }

    @Test(
        "text of an odd length or with another letter stands for nothing",
        arguments: ["0", "000", "0g", "g0", "+1", " 1"])
    func refused(_ text: String) {
        #expect(Hex.bytes(text.utf8) == nil)
        #expect(Hex.bytes(text.utf8, takesCapitals: true) == nil)
    }

    @Test("of all bytes those sixteen are digits that are written; six capitals stand for the same")
    func digits() {
        let written = (0..<16).map { Hex.digit($0) }
        #expect(written == Array("0123456789abcdef".utf8))
        #expect((0..<16).map { Hex.digit($0, isCapital: true) } == Array("0123456789ABCDEF".utf8))
        #expect(Hex.digit(0xFA) == UInt8(ascii: "a"))
        for byte in UInt8.min ... .max {
            let value = written.firstIndex(of: byte).map { UInt8($0) }
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
            #expect(Hex.value(byte) == value)
            #expect(Hex.isLowerCase([byte]) == (value != nil))
            #expect(Hex.value(byte, takesCapitals: true) == (isCapital ? byte - UInt8(ascii: "A") + 10 : value))
        }
    }
}
