/// Makes bad input out of good, for tests of whatever reads what others wrote: the same seed makes the same.
public struct Mutator: Sendable {
    private static let numbers = [
        "0", "-1", "1", "007", "255", "256", "65536", "2147483648", "4294967296", "9223372036854775807",
        "9223372036854775808", "18446744073709551615", "18446744073709551616", "1e308", "1e-400", "0x10", "NaN", "inf",
    ]
    private static let bytes: [[UInt8]] = [
        [0], [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x80, 0xAE], [0xCC, 0x81],
        Array("\u{1F1E6}".utf8), [0x0A], [0x0D, 0x0A], [0x7F],
    ]

    private var random: SeededGenerator

    /// The same seed gives the same changes.
    public init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// One of the samples, changed at some places.
    /// - Parameter tokens: parts of the language that the samples are written in.
    public mutating func mutated(_ samples: [String], _ tokens: [String] = []) -> [UInt8] {
        var text = Array((samples.randomElement(using: &random) ?? "").utf8)
        for _ in 0..<Int.random(in: 1...6, using: &random) { change(&text, samples: samples, tokens: tokens) }
        return text
    }

    private mutating func change(_ text: inout [UInt8], samples: [String], tokens: [String]) {
        let start = Int.random(in: 0...text.count, using: &random)
        let end = Int.random(in: start...min(text.count, start + 8), using: &random)
        switch Int.random(in: 0..<9, using: &random) {
        case 0: text.removeSubrange(start..<end)
        case 1: text.insert(contentsOf: text[start..<end], at: start)
        case 2: text.replaceSubrange(start..<end, with: (Self.numbers.randomElement(using: &random) ?? "").utf8)
        case 3: text.replaceSubrange(start..<end, with: Self.bytes.randomElement(using: &random) ?? [])
        case 4: text.replaceSubrange(start..<end, with: (tokens.randomElement(using: &random) ?? "").utf8)
        case 5: text.insert(UInt8.random(in: 0...255, using: &random), at: start)
        case 6 where start < text.count: text[start] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 7: text.removeSubrange(start...)
        default:
            let other = Array((samples.randomElement(using: &random) ?? "").utf8)
            text.insert(contentsOf: other.suffix(Int.random(in: 0...other.count, using: &random)), at: start)
        }
        // Some are long; none grows without end.
        if Int.random(in: 0..<200, using: &random) == 0 {
            text = Array(repeatElement(text, count: 300).joined().prefix(20_000))
        }
    }
}
