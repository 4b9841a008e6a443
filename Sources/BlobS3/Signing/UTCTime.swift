/// A point in time, as S3 servers write and read it.
package struct UTCTime: Sendable, Hashable, Comparable {
    /// Since 1970-01-01T00:00:00Z.
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
    package init(seconds: Int64) { milliseconds = seconds * 1_000 }

    package static func < (left: UTCTime, right: UTCTime) -> Bool { left.milliseconds < right.milliseconds }

    package func since(_ earlier: UTCTime) -> Duration { .milliseconds(milliseconds - earlier.milliseconds) }

    package func advanced(by duration: Duration) -> UTCTime {
        let (seconds, attoseconds) = duration.components
        return UTCTime(milliseconds: milliseconds + seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    }
}

// Calendar arithmetic: days are counted in eras of 400 years that begin in March.
// Source: the Gregorian calendar's rules.
extension UTCTime {
    /// e.g. `20150830T123600Z`
    package var compact: String {
        let seconds = milliseconds.dividedDown(by: 1_000)
        let day = seconds.dividedDown(by: 86_400)
        let second = seconds - day * 86_400
        return date(ofDay: day) + "T" + pad(second / 3_600) + pad(second / 60 % 60) + pad(second % 60) + "Z"
    }

    /// e.g. `20150830`
    package var compactDate: String { String(compact.prefix(8)) }

    /// Reads `Sun, 30 Aug 2015 12:36:00 GMT`; nil for anything else.
    /// - Source: RFC 9110, section 5.6.7.
    package init?(httpDate text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int64(parts[1]), let year = Int64(parts[3]),
            let month = Self.months.firstIndex(of: String(parts[2]))
        else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { Int64($0) }
        self.init(year: year, month: Int64(month + 1), day: day, clock: clock)
    }

    /// Reads `2015-08-30T12:36:00.000Z`, with or without a fraction; nil for anything else.
    package init?(iso8601 text: String) {
        guard text.hasSuffix("Z") else { return nil }
        let parts = text.dropLast().split(separator: "T")
        guard parts.count == 2 else { return nil }
        let date = parts[0].split(separator: "-").compactMap { Int64($0) }
        let time = parts[1].split(separator: ".", maxSplits: 1)
        guard date.count == 3, let clockText = time.first else { return nil }
        let clock = clockText.split(separator: ":").compactMap { Int64($0) }
        let fraction = time.count == 2 ? Int64((time[1] + "000").prefix(3)) : 0
        guard let fraction, let whole = UTCTime(year: date[0], month: date[1], day: date[2], clock: clock) else {
            return nil
        }
        self.init(milliseconds: whole.milliseconds + fraction)
    }

    private init?(year: Int64, month: Int64, day: Int64, clock: [Int64]) {
        guard (1...9_999).contains(year), (1...12).contains(month), (1...31).contains(day), clock.count == 3,
            (0..<24).contains(clock[0]), (0..<60).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        let marchYear = month > 2 ? year : year - 1
        let era = marchYear.dividedDown(by: 400)
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        self.init(seconds: days * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2])
    }

    private func date(ofDay day: Int64) -> String {
        let shifted = day + 719_468
        let era = shifted.dividedDown(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let text = String(year)
        return String(repeating: "0", count: max(0, 4 - text.count)) + text + pad(month)
            + pad(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private func pad(_ number: Int64) -> String { (number < 10 ? "0" : "") + String(number) }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

extension Int64 {
    /// Division that rounds down, also below zero.
    fileprivate func dividedDown(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
    }
}
