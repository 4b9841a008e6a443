/// Metrics as a Prometheus textfile: each with its help and type, and a series for each feed.
/// - Source: the text exposition format, version 0.0.4.
struct MetricsText {
    private(set) var text = ""

    /// One value of a metric; of the server root itself where no feed is named.
    struct Sample {
        let feed: String?
        let value: MetricValue
    }

    /// Adds a gauge; nothing where nothing is known of it.
    mutating func gauge(_ name: String, help: String, _ samples: [Sample]) {
        guard !samples.isEmpty else { return }
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) gauge\n"
        for sample in samples {
            let labels = sample.feed.map { "{feed=\"\(Self.escaped($0, quotes: true))\"}" } ?? ""
            text += "\(name)\(labels) \(sample.value)\n"
        }
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        if quotes { escaped = escaped.replacing("\"", with: "\\\"") }
        return escaped
    }
}

/// The value of a metric.
public enum MetricValue: Sendable, Equatable, CustomStringConvertible {
    /// A whole number.
    case integer(Int64)
    /// Any other number.
    case number(Double)

    /// As Prometheus reads it.
    public var description: String {
        switch self {
        case .integer(let value): String(value)
        case .number(let value): value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
        }
    }
}
