/// Makes of something that was sent something else, which nobody would send on purpose, or somebody would.
struct WireMutator {
    /// What others write into numbers, names, times and markup.
    private static let words: [String] = [
        "", " ", "0", "-0", "-1", "+1", "00", "1e9", "0x10", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "18446744073709551615", "18446744073709551616", "99999999999999999999999999999999",
        "٣", "é", "\u{0}", "\u{FEFF}", "\u{202E}", "%", "%z", "%C3%28", "%00", "+", "..", "/", "//", "~", "&#0;",
        "&#x110000;",
        "&amp;", "&lt;", "]]>", "<![CDATA[", "<!DOCTYPE a>", "<?xml version=\"1.1\"?>", "<a/>", "</a>", "<", ">", "\"",
        "\r\n", "\n", "\r\n\r\n", ":", ";", ",", "true", "false", "TRUE", "bytes */10", "bytes 0-9/*", "bytes 9-0/10",
        "bytes 0-18446744073709551615/18446744073709551616", "Sun, 30 Feb 9999 23:59:60 GMT",
        "Sun, 30 Aug -2015 12:36:00 GMT", "0001-01-01T00:00:00Z", "9999-12-31T23:59:60.999Z", "2015-08-30T12:36:00.-5Z",
        "0000-00-00T00:00:00Z", "chunked", "gzip", "W/\"\"", "Infinity", "null",
    ]

    var random: any RandomNumberGenerator

    mutating func number(_ range: Range<Int>) -> Int { range.isEmpty ? 0 : Int.random(in: range, using: &random) }

    /// One to four changes.
    mutating func mutated(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0...number(0..<4) { change(&bytes) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let word = Array(Self.words[number(0..<Self.words.count)].utf8)
        let part = span(bytes.count)
        switch number(0..<10) {
        case 0: bytes.replaceSubrange(part, with: [])
        case 1: bytes.insert(contentsOf: bytes[part], at: number(0..<bytes.count + 1))
        case 2: bytes.insert(contentsOf: word, at: number(0..<bytes.count + 1))
        case 3: if !bytes.isEmpty { bytes[number(0..<bytes.count)] ^= 1 << UInt8(number(0..<8)) }
        case 4: bytes.removeLast(bytes.count - number(0..<bytes.count + 1))
        case 5:
            bytes.insert(contentsOf: repeatElement(bytes[part], count: number(0..<300)).joined(), at: part.lowerBound)
        default: replaceValue(&bytes, with: word)
        }
    }

    private mutating func span(_ count: Int) -> Range<Int> {
        let start = number(0..<count + 1)
        return start..<min(count, start + number(0..<40))
    }

    /// Replaces a number, a word or a text between tags.
    private mutating func replaceValue(_ bytes: inout [UInt8], with word: [UInt8]) {
        guard !bytes.isEmpty else { return }
        let isPart = [isDigit, isLetter, { $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") && $0 != 10 }][
            number(0..<3)]
        let from = number(0..<bytes.count)
        guard let start = bytes[from...].firstIndex(where: isPart) else { return }
        let end = bytes[start...].firstIndex { !isPart($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: word)
    }
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
private func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "z")).contains(byte) }
