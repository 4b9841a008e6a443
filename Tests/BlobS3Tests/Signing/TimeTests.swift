import BlobS3
import Testing

@Suite("Times as servers write them")
struct TimeTests {
    @Test(
        "known moments are read and written",
        arguments: [
            (0, "19700101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z"),
            (951_782_400, "20000229T000000Z", "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00.000Z"),
            (1_440_938_160, "20150830T123600Z", "Sun, 30 Aug 2015 12:36:00 GMT", "2015-08-30T12:36:00Z"),
            (4_102_444_799, "20991231T235959Z", "Thu, 31 Dec 2099 23:59:59 GMT", "2099-12-31T23:59:59.0Z"),
        ] as [(Int64, String, String, String)])
    func known(_ seconds: Int64, _ compact: String, _ http: String, _ iso: String) {
        let time = UTCTime(seconds: seconds)
        #expect(time.compact == compact)
        #expect(UTCTime(httpDate: http) == time)
        #expect(UTCTime(iso8601: iso) == time)
    }

    @Test("a fraction counts to the millisecond")
    func fraction() {
        #expect(UTCTime(iso8601: "1970-01-01T00:00:01.25Z")?.milliseconds == 1_250)
        #expect(UTCTime(iso8601: "1970-01-01T00:00:01.123456789Z")?.milliseconds == 1_123)
    }

    @Test(
        "what is no time is not read",
        arguments: [
            "", "Z", "T", "2015-08-30", "2015-08-30T12:36Z", "2015-13-30T12:36:00Z", "2015-08-30T25:00:00Z",
            "2015-08-30T12:36:00", "Sun, 30 Aug 2015 12:36:00 CET", "Sun, 30 Avg 2015 12:36:00 GMT",
            "99999999999999999999",
            "2015-08-30T12:36:00.xZ",
        ])
    func garbage(_ text: String) {
        #expect(UTCTime(iso8601: text) == nil)
        #expect(UTCTime(httpDate: text) == nil)
    }

    @Test("listed names are decoded with either form of a space")
    func names() {
        #expect(PercentEncoding.decodeListed("a+b%2Bc/%C3%A9%25") == "a b+c/é%")
        #expect(PercentEncoding.decodeListed("a%20b%2bc") == "a b+c")
        #expect(PercentEncoding.decodeListed("plain/name") == "plain/name")
        for broken in ["%", "a%2", "%G0", "%FF"] { #expect(PercentEncoding.decodeListed(broken) == nil) }
    }
}
