internal import BlobStore

/// Says in one line how far a piece of work has come.
public struct ProgressText: Sendable {
    /// What is being done, e.g. `importing`.
    public let activity: String
    /// What is counted, in the plural.
    public let unit: String
    /// How far the work is.
    public let reading: Meter.Reading
    /// How fast it is.
    public let gauge: RateGauge
    /// The time since the start.
    public let elapsed: Duration

    /// The text of one reading.
    public init(_ meter: Meter, reading: Meter.Reading, gauge: RateGauge, elapsed: Duration) {
        self.activity = reading.activity ?? meter.activity
        self.unit = meter.unit
        self.reading = reading
        self.gauge = gauge
        self.elapsed = elapsed
    }

    /// The whole line, e.g. `importing: 1,200 of 5,000 packages, 1.2 GB, 85.3 MB/s, 240 packages/s, 16 s left`.
    public var line: String { line(parts.map { $0.text }) }

    private func line(_ parts: [String]) -> String { "\(activity): " + parts.joined(separator: ", ") }

    /// The `progress` line; what is not known is left out.
    public var json: JSONLine {
        JSONLine(
            "progress",
            [
                "phase": .string(activity), "items": .integer(reading.items),
                "itemsTotal": reading.expectedItems.map { .integer($0) }, "bytes": .integer(reading.bytes),
                "bytesTotal": reading.expectedBytes.map { .integer($0) }, "failed": .integer(reading.failures),
                "itemsPerSecond": gauge.hasRate ? .number(gauge.itemsPerSecond) : nil,
                "bytesPerSecond": gauge.hasRate ? .number(gauge.bytesPerSecond) : nil,
                "seconds": .number(elapsed.inSeconds),
                "secondsLeft": gauge.timeLeft(reading).map { .number($0.inSeconds) },
            ])
    }

    /// The line with a bar before it where the end is known, in less than `width` characters: what is missed least is
    /// left out first, and the time left last.
    public func bar(width: Int) -> String {
        var parts = parts
        while parts.count > 1, line(parts.map { $0.text }).count > width - 1,
            let least = parts.indices.min(by: { parts[$0].rank < parts[$1].rank })
        {
            parts.remove(at: least)
        }
        let time = parts.last?.text ?? ""
        var line = self.line(parts.map { $0.text })
        if line.count > width - 1, time.count + 3 < width {
            line = "\(activity.prefix(width - time.count - 3)): \(time)"
        }
        let barWidth = min(24, width - line.count - 6)
        if let share, barWidth >= 8 {
            let filled = Int(share * Double(barWidth))
            let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: barWidth - filled)
            line = "[\(bar)] \(line)"
        }
        return String(line.prefix(width - 1))
    }

    /// The share that is done, 0 to 1, by bytes where they are known; nil while the end is unknown.
    public var share: Double? {
        if let expected = reading.expectedBytes, expected > 0 { return ratio(reading.bytes, expected) }
        if let expected = reading.expectedItems, expected > 0 { return ratio(reading.items, expected) }
        return nil
    }

    private func ratio(_ part: Int64, _ whole: Int64) -> Double { min(1, max(0, Double(part) / Double(whole))) }

    /// What there is to say, and how much it is missed where there is no room for it.
    private var parts: [(text: String, rank: Int)] {
        var parts = [(text: counts, rank: 4)]
        if let expected = reading.expectedBytes {
            parts.append(("\(ByteSize(bytes: reading.bytes).human) of \(ByteSize(bytes: expected).human)", 2))
        } else if reading.bytes > 0 {
            parts.append((ByteSize(bytes: reading.bytes).human, 2))
        }
        if reading.failures > 0 { parts.append(("\(grouped(reading.failures)) failed", 3)) }
        if gauge.bytesPerSecond >= 1 {
            parts.append((ByteRate(bytesPerSecond: Int64(min(gauge.bytesPerSecond, 1e18))).human, 1))
        }
        if gauge.itemsPerSecond >= 1 {
            parts.append(("\(grouped(Int64(min(gauge.itemsPerSecond, 1e18)))) \(unit)/s", 0))
        }
        parts.append((gauge.timeLeft(reading).map { "\($0.human) left" } ?? elapsed.human, 5))
        return parts
    }

    private var counts: String {
        let expected = reading.expectedItems.map { " of \(grouped($0))" } ?? ""
        return "\(grouped(reading.items))\(expected) \(unit)"
    }
}

/// A number with a comma between thousands: `1,234,567`.
public func grouped(_ number: Int64) -> String {
    var digits = String(number.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
        groups.insert(String(digits.suffix(3)), at: 0)
        digits.removeLast(3)
    }
    return (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
}

/// A number and what it counts: `1 error`, `2,000 errors`.
public func counted(_ number: Int64, _ word: String) -> String { "\(grouped(number)) \(word)\(number == 1 ? "" : "s")" }
