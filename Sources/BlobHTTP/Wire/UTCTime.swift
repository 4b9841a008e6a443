internal import FoundationEssentials

/// A point in time, as servers write and read it.
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

extension UTCTime {
    /// e.g. `20150830T123600Z`
    package var compact: String {
        let seconds = (Double(milliseconds) / 1_000).rounded(.down)
        return Date(timeIntervalSince1970: seconds).formatted(Self.compactStyle)
    }

    /// e.g. `20150830`
    package var compactDate: String { String(compact.prefix(8)) }

    /// Reads `Sun, 30 Aug 2015 12:36:00 GMT`; nil for anything else.
    /// - Source: RFC 9110, section 5.6.7.
    package init?(httpDate text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]), let year = Int(parts[3]),
            let month = Self.months.firstIndex(of: String(parts[2]))
        else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { Int($0) }
        self.init(year: year, month: month + 1, day: day, clock: clock)
    }

    /// e.g. `Sun, 30 Aug 2015 12:36:00 GMT`, to the second.
    /// - Source: RFC 9110, section 5.6.7.
    package var httpDate: String {
        let (seconds, days) = (milliseconds.flooredQuotient(1_000), milliseconds.flooredQuotient(86_400_000))
        let (date, clock) = (Self.date(ofDay: days), Int(seconds - days * 86_400))
        // 1970-01-01 was a Thursday.
        let weekday = Self.weekdays[Int(days - (days + 4).flooredQuotient(7) * 7 + 4)]
        let time = [clock / 3_600, clock / 60 % 60, clock % 60].map { Self.digits($0, 2) }.joined(separator: ":")
        return "\(weekday), \(Self.digits(date.day, 2)) \(Self.months[date.month - 1]) "
            + "\(Self.digits(date.year, 4)) \(time) GMT"
    }

    /// The day of the Gregorian calendar that is so many days after 1970-01-01. A calendar of Foundation's takes
    /// longer than all else in a small answer.
    private static func date(ofDay days: Int64) -> (year: Int, month: Int, day: Int) {
        // Counted from a 1st of March, so that a leap day is the last of its year; 400 years are 146,097 days.
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = Int(shifted - era * 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let isNextYear = month >= 10
        return (
            Int(era) * 400 + yearOfEra + (isNextYear ? 1 : 0), isNextYear ? month - 9 : month + 3,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }

    /// Reads `2015-08-30T12:36:00.000Z`, with or without a fraction; nil for anything else.
    package init?(iso8601 text: String) {
        guard text.hasSuffix("Z") else { return nil }
        let parts = text.dropLast().split(separator: "T")
        guard parts.count == 2 else { return nil }
        let date = parts[0].split(separator: "-").compactMap { Int($0) }
        let time = parts[1].split(separator: ".", maxSplits: 1)
        guard date.count == 3, let clockText = time.first else { return nil }
        let clock = clockText.split(separator: ":").compactMap { Int($0) }
        let fraction = time.count == 2 ? Int64((time[1] + "000").prefix(3)) : 0
        guard let fraction, let whole = UTCTime(year: date[0], month: date[1], day: date[2], clock: clock) else {
            return nil
        }
        self.init(milliseconds: whole.milliseconds + fraction)
    }

    /// What is out of its range is refused here: a calendar would carry it over.
    private init?(year: Int, month: Int, day: Int, clock: [Int]) {
        guard (1...9_999).contains(year), (1...12).contains(month), (1...31).contains(day), clock.count == 3,
            (0..<24).contains(clock[0]), (0..<60).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        let parts = DateComponents(
            year: year, month: month, day: day, hour: clock[0], minute: clock[1], second: clock[2])
        guard let date = Self.calendar.date(from: parts) else { return nil }
        self.init(seconds: Int64(date.timeIntervalSince1970))
    }

    private static let compactStyle = Date.ISO8601FormatStyle(
        dateSeparator: .omitted, dateTimeSeparator: .standard, timeSeparator: .omitted)

    private static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

extension Int64 {
    /// Rounded down, below zero, too.
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient - 1 : quotient
    }
}
