internal import BlobStore

/// The recent speed of something that is looked at from time to time.
public struct RateGauge: Sendable {
    private struct Sample {
        let at: Duration
        let items: Int64
        let bytes: Int64
    }
    private var samples: [Sample] = []
    private static let window = Duration.seconds(15)
    private static let maximumSamples = 200

    /// A gauge that has measured nothing yet.
    public init() {}

    /// Adds a look at `elapsed` since the start.
    public mutating func add(_ reading: Meter.Reading, at elapsed: Duration) {
        samples.append(Sample(at: elapsed, items: reading.items, bytes: reading.bytes))
        // One sample beyond the window stays, so that slow looks still have something to compare with.
        while samples.count > 2, samples[1].at < elapsed - Self.window || samples.count > Self.maximumSamples {
            samples.removeFirst()
        }
    }

    /// Whether there are two looks to compare, and so a rate.
    public var hasRate: Bool {
        guard let first = samples.first, let last = samples.last else { return false }
        return last.at > first.at
    }

    /// Items a second; 0 when nothing can be said yet.
    public var itemsPerSecond: Double { rate { Double($0.items) } }

    /// Bytes a second; 0 when nothing can be said yet.
    public var bytesPerSecond: Double { rate { Double($0.bytes) } }

    private func rate(_ value: (Sample) -> Double) -> Double {
        guard let first = samples.first, let last = samples.last, last.at > first.at else { return 0 }
        return max(0, value(last) - value(first)) / (last.at - first.at).inSeconds
    }

    /// Time left by what is expected: by bytes where they are known, else by items.
    public func timeLeft(_ reading: Meter.Reading) -> Duration? {
        if let expected = reading.expectedBytes, bytesPerSecond > 0 {
            return seconds(Double(max(0, expected - reading.bytes)) / bytesPerSecond)
        }
        guard let expected = reading.expectedItems, itemsPerSecond > 0 else { return nil }
        return seconds(Double(max(0, expected - reading.items)) / itemsPerSecond)
    }

    private func seconds(_ value: Double) -> Duration? { value < 1e9 ? .seconds(value.rounded(.up)) : nil }
}
