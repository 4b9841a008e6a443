public import CoreMetrics
internal import Synchronization

/// Keeps what the libraries count by way of swift-metrics, so that a node tells it at `/metrics`.
///
/// A program makes one, bootstraps `MetricsSystem` with it before anything else, and gives it to its node. What a timer
/// measures is told as a sum and a count.
public final class MetricsRegistry: MetricsFactory {
    fileprivate enum Kind: String { case counter, summary }

    private struct Series: Hashable {
        let label: String
        let dimensions: String
    }

    private let series = Mutex<[Series: Total]>([:])

    /// A registry that has counted nothing.
    public init() {}

    /// A counter, told with `_total` behind its label.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        total(label + "_total", dimensions, as: .counter)
    }

    /// A recorder, told as a sum and a count.
    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        total(label, dimensions, as: .summary)
    }

    /// A timer, told in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        total(label + "_seconds", dimensions, as: .summary)
    }

    /// Does nothing: whoever makes the same again goes on where it was.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Does nothing, as for counters.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Does nothing, as for counters.
    public func destroyTimer(_ handler: any TimerHandler) {}

    private func total(_ label: String, _ dimensions: [(String, String)], as kind: Kind) -> Total {
        let named = dimensions.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
        return series.withLock { series in
            let key = Series(label: label, dimensions: named)
            let total = series[key] ?? Total(kind)
            series[key] = total
            return total
        }
    }

    private static func escaped(_ text: String) -> String {
        text.map { $0 == "\\" || $0 == "\"" ? "\\\($0)" : $0.isNewline ? "\\n" : String($0) }.joined()
    }

    /// As Prometheus reads it.
    /// - Source: the text exposition format, version 0.0.4.
    public var text: String {
        let sorted = series.withLock { $0 }.sorted {
            ($0.key.label, $0.key.dimensions) < ($1.key.label, $1.key.dimensions)
        }
        var (lines, last): ([String], String) = ([], "")
        for (key, total) in sorted {
            if key.label != last { lines.append("# TYPE \(key.label) \(total.kind.rawValue)") }
            last = key.label
            let named = key.dimensions.isEmpty ? "" : "{\(key.dimensions)}"
            switch total.kind {
            case .counter: lines.append("\(key.label)\(named) \(total.sum)")
            case .summary:
                lines.append("\(key.label)_sum\(named) \(total.scaledSum)")
                lines.append("\(key.label)_count\(named) \(total.count)")
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }
}

/// What one series came to.
private final class Total: CounterHandler, RecorderHandler, TimerHandler {
    let kind: MetricsRegistry.Kind
    /// Of a timer in nanoseconds, of a recorder in billionths.
    private let added = Atomic<Int64>(0)
    private let times = Atomic<Int64>(0)

    init(_ kind: MetricsRegistry.Kind) { self.kind = kind }

    var sum: Int64 { added.load(ordering: .relaxed) }
    var scaledSum: Double { Double(sum) / 1e9 }
    var count: Int64 { times.load(ordering: .relaxed) }

    func increment(by amount: Int64) { added.wrappingAdd(amount, ordering: .relaxed) }

    func reset() {
        added.store(0, ordering: .relaxed)
        times.store(0, ordering: .relaxed)
    }

    func recordNanoseconds(_ duration: Int64) {
        added.wrappingAdd(duration, ordering: .relaxed)
        times.wrappingAdd(1, ordering: .relaxed)
    }

    func record(_ value: Int64) { recordNanoseconds(value &* 1_000_000_000) }
    func record(_ value: Double) { recordNanoseconds(Int64(exactly: (value * 1e9).rounded()) ?? 0) }
}
