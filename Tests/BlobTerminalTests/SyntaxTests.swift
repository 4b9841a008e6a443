import BlobStore
import BlobTerminal
import Testing

struct DurationSyntaxTests {
    @Test(
        "a duration is a number and a unit, or several in a row",
        arguments: [
            ("90s", 90), ("15m", 900), ("24h", 86_400), ("30d", 2_592_000), ("1h30m", 5_400), ("0s", 0),
        ] as [(String, Int64)])
    func reads(text: String, seconds: Int64) throws {
        #expect(try Duration(writtenAs: text) == .seconds(seconds))
    }

    @Test(
        "what is no duration is refused with the sentence that says how to write one",
        arguments: [
            "", "90", "s", "-5s", "1.5h", "10 s", "5y", "24H", "٣s",
        ])
    func refuses(text: String) {
        let error = #expect(throws: SyntaxError.self) { try Duration(writtenAs: text) }
        #expect(error?.description.contains("write it as 90s, 15m, 24h or 30d") == true)
    }

    @Test("a duration that does not fit is refused, not cut", arguments: ["99999999999999d", "9223372036854775807s"])
    func refusesTooLong(text: String) {
        let error = #expect(throws: SyntaxError.self) { try Duration(writtenAs: text) }
        #expect(error?.description.contains("too long") == true)
    }

    @Test(
        "a written duration reads as itself", arguments: [0, 1, 59, 60, 90, 120, 3_600, 7_200, 86_400, 86_401, 172_800])
    func roundTrip(seconds: Int64) throws {
        let duration = Duration.seconds(seconds)
        #expect(try Duration(writtenAs: duration.written) == duration)
    }

    @Test(
        "durations for people keep two units at most",
        arguments: [
            (Duration.milliseconds(449), "0.4 s"), (.seconds(59), "59 s"), (.seconds(65), "1 min 05 s"),
            (.seconds(7_380), "2 h 03 min"), (.seconds(4 * 86_400 + 3 * 3_600), "4 d 03 h"),
        ])
    func human(duration: Duration, text: String) {
        #expect(duration.human == text)
    }
}

struct SizeSyntaxTests {
    @Test(
        "MB counts in tens and MiB in twos",
        arguments: [
            ("0", 0), ("512", 512), ("512B", 512), ("50MB", 50_000_000), ("50MiB", 52_428_800),
            ("1.5GB", 1_500_000_000),
            ("2kb", 2_000), ("1TiB", 1_099_511_627_776), ("9007199254740993", 9_007_199_254_740_993),
        ] as [(String, Int64)])
    func reads(text: String, bytes: Int64) throws {
        #expect(try ByteSize(writtenAs: text).bytes == bytes)
    }

    @Test(
        "what is no size is refused", arguments: ["", "MB", "-1", "50M", "5 MB", "1e6", ".5MB", "1..2MB", "nan", "inf"])
    func refuses(text: String) {
        #expect(throws: SyntaxError.self) { try ByteSize(writtenAs: text) }
    }

    @Test("a size that does not fit is refused, not wrapped", arguments: ["99999999TB", "9223372036854775807kB"])
    func refusesTooLarge(text: String) {
        #expect(throws: SyntaxError.self) { try ByteSize(writtenAs: text) }
    }

    @Test("a rate is a size a second, and never zero")
    func rates() throws {
        #expect(try ByteRate(writtenAs: "50MB/s") == ByteRate(writtenAs: "50MB"))
        #expect(throws: SyntaxError.self) { try ByteRate(writtenAs: "0MB") }
    }

    @Test(
        "sizes for people count in tens",
        arguments: [
            (0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (1_250, "1.2 kB"), (999_999, "999.9 kB"),
            (1_000_000, "1.0 MB"), (Int64.max, "9.2 EB"),
        ] as [(Int64, String)])
    func human(bytes: Int64, text: String) {
        #expect(ByteSize(bytes: bytes).human == text)
    }
}

struct ContentLevelTests {
    @Test(
        "each level of content has its writing",
        arguments: [
            ("none", ContentLevel.none), ("all", .all), ("10%", .share(percent: 10)), ("0.5%", .share(percent: 0.5)),
            ("100%", .share(percent: 100)), ("3/7", .subset(part: 3, of: 7)), ("1/1", .subset(part: 1, of: 1)),
            ("unverified:30d", .unverified(.seconds(2_592_000))),
        ])
    func reads(text: String, level: ContentLevel) throws {
        #expect(try ContentLevel(writtenAs: text) == level)
    }

    @Test(
        "what is no level is refused",
        arguments: [
            "", "some", "0%", "101%", "-1%", "%", "0/7", "8/7", "3/0", "3/7/9", "-3/7", "+3/7", "unverified:",
            "unverified:30",
        ])
    func refuses(text: String) {
        #expect(throws: SyntaxError.self) { try ContentLevel(writtenAs: text) }
    }
}
