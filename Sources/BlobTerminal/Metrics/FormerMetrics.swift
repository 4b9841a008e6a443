internal import BlobStore

/// What an earlier run left in its textfile, as far as the next one keeps it: when each feed was good.
struct FormerMetrics {
    /// Seconds since 1970 by the feed's name; the empty name is the server root itself.
    private(set) var lastGood: [String: Int64] = [:]

    /// Reads a textfile. A line that no run can have written, or that is of a time to come, counts for nothing.
    init(_ text: String, metric: String, until now: Timestamp) {
        for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix(metric) {
            let words = line.dropFirst(metric.count).split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 2, let feed = Self.feed(words[0]), let seconds = Int64(words[1]),
                (0...max(0, now.seconds)).contains(seconds)
            else { continue }
            lastGood[feed] = seconds
        }
    }

    /// The feed that labels name; empty where there are none, and nil where they are not ours.
    private static func feed(_ labels: Substring) -> String? {
        let (start, end) = ("{feed=\"", "\"}")
        if labels.isEmpty { return "" }
        guard labels.hasPrefix(start), labels.hasSuffix(end), labels.count > start.count + end.count else { return nil }
        let name = String(labels.dropFirst(start.count).dropLast(end.count))
        return (try? FeedName(name))?.text
    }
}
