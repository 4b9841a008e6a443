extension Duration {
    /// Reads a duration as people write it: `90s`, `15m`, `24h`, `30d`, or several in a row (`1h30m`).
    /// - Throws: what is wrong with it; also when it exceeds what fits (about 100,000 years).
    public init(writtenAs text: String) throws(SyntaxError) {
        if text.hasPrefix("-") {
            throw SyntaxError("the duration \"\(text)\" is negative; write it as 90s, 15m, 24h or 30d")
        }
        var total = Int64(0)
        var rest = Substring(text)
        repeat {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            guard let number = Int64(digits), let unit = rest.popFirst().flatMap(Self.seconds) else {
                throw SyntaxError("\"\(text)\" is not a duration; write it as 90s, 15m, 24h or 30d")
            }
            let (seconds, isTooLong) = number.multipliedReportingOverflow(by: unit)
            guard !isTooLong, seconds <= Self.longestSeconds - total else {
                throw SyntaxError("the duration \"\(text)\" is too long")
            }
            total += seconds
        } while !rest.isEmpty
        self = .seconds(total)
    }

    private static let longestSeconds = Int64(100_000) * 366 * 86_400

    private static func seconds(in unit: Character) -> Int64? {
        switch unit {
        case "s": 1
        case "m": 60
        case "h": 3_600
        case "d": 86_400
        default: nil
        }
    }
}

extension Duration {
    /// The duration as ``init(writtenAs:)`` reads it, in the largest unit that is exact, e.g. `24h`; fractions of a
    /// second are left out.
    public var written: String {
        let seconds = components.seconds
        for (unit, name) in [(Int64(86_400), "d"), (3_600, "h"), (60, "m")] where seconds >= unit * 2 {
            if seconds % unit == 0 { return "\(seconds / unit)\(name)" }
        }
        return "\(seconds)s"
    }

    /// The duration for people: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 03 min`, `5 d 04 h`.
    public var human: String {
        let seconds = components.seconds
        let tenths = seconds * 10 + components.attoseconds / 100_000_000_000_000_000
        switch seconds {
        case ..<10: return "\(tenths / 10).\(tenths % 10) s"
        case ..<60: return "\(seconds) s"
        case ..<3_600: return "\(seconds / 60) min \(twoDigits(seconds % 60)) s"
        case ..<86_400: return "\(seconds / 3_600) h \(twoDigits(seconds / 60 % 60)) min"
        default: return "\(seconds / 86_400) d \(twoDigits(seconds / 3_600 % 24)) h"
        }
    }
}

func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
