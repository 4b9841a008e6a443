import BlobHTTP
import Glibc
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
        #expect(time.httpDate == http && UTCTime(httpDate: http) == time)
        #expect(UTCTime(iso8601: iso) == time)
    }

    @Test("every day of two centuries is read and written as the system's own calendar does, to its last second")
    func calendar() {
        var wrong: [Int64] = []
        for day in Int64(0)..<73_414 {
            let seconds = day * 86_400 + 86_399
            let time = UTCTime(seconds: seconds)
            let http = system(seconds, "%a, %d %b %Y %H:%M:%S GMT")
            let isSame =
                time.compact == system(seconds, "%Y%m%dT%H%M%SZ")
                && time.httpDate == http && UTCTime(httpDate: http) == time
                && UTCTime(iso8601: system(seconds, "%Y-%m-%dT%H:%M:%SZ")) == time
            if !isSame { wrong.append(seconds) }
        }
        #expect(wrong.isEmpty)
    }

    private func system(_ seconds: Int64, _ format: String) -> String {
        var (seconds, parts) = (time_t(seconds), tm())
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, format, &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test("a time is written by its second, a fraction left out, also before 1970")
    func wholeSeconds() {
        #expect(UTCTime(milliseconds: 999).compact == "19700101T000000Z")
        #expect(UTCTime(milliseconds: -1).compact == "19691231T235959Z")
        #expect(UTCTime(iso8601: "2016-12-31T23:59:60Z")?.compact == "20170101T000000Z")
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
}
