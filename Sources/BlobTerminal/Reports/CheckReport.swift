public import BlobStore
internal import Synchronization

/// What a check reported, kept for the files that it writes at its end.
public struct CheckReport: Sendable {
    /// One feed of it, or the server root itself.
    public struct Section: Sendable {
        /// Nil for the server root itself.
        public let feed: FeedName?
        /// The counts of the section.
        public var summary = CheckOperation.Summary()
        /// How long the feed took; zero for the server root, whose part of the whole is not measured.
        public var time = Duration.zero
        /// Whether there are such counts: not where the check ended before the section's end.
        public var isCounted = false
        /// What was found, up to a bound.
        public var findings: [Finding] = []
        /// What could not be looked at, up to a bound.
        public var gaps: [String] = []
        /// How many things could not be looked at, listed or not.
        public var gapCount: Int64 = 0
        private var counts: [Finding.Kind: [Finding.Severity: Int64]] = [:]

        init(_ feed: FeedName?) {
            self.feed = feed
        }

        /// How many findings there are, listed or not.
        /// - Parameters:
        ///   - severity: nil for all.
        ///   - kind: nil for all kinds.
        public func count(_ severity: Finding.Severity? = nil, of kind: Finding.Kind? = nil) -> Int64 {
            let kinds = kind.map { [counts[$0] ?? [:]] } ?? Array(counts.values)
            return kinds.reduce(0) { sum, counts in
                sum + (severity.map { counts[$0] ?? 0 } ?? counts.values.reduce(0, +))
            }
        }

        fileprivate mutating func add(_ finding: Finding, isListed: Bool) {
            counts[finding.kind, default: [:]][finding.severity, default: 0] += 1
            if isListed { findings.append(finding) }
        }

        fileprivate mutating func add(gap: StoreError, isListed: Bool) {
            gapCount += 1
            if isListed { gaps.append("\(gap)") }
        }

        /// The section's name for people.
        public var title: String { feed?.text ?? "server root" }
    }

    /// What made the report: the program with its version, and the machine that it ran on.
    public var program: String
    /// The root that was checked, by its URL.
    public var root: String
    /// How much content was read, in the words of the command line.
    public var level: String
    /// Within what time the fresh share of the bytes was verified.
    public var freshWithin: Duration
    /// When the check began, in UTC.
    public var started: Timestamp
    /// How long it took.
    public var seconds: Double
    /// The counts of all sections together.
    public var total: CheckOperation.Summary
    /// One for each feed, and one for the server root.
    public var sections: [Section]
    /// Findings and gaps beyond ``maximumEntries``, which are counted but not listed.
    public var omitted: Int

    /// So many findings and gaps are kept with their texts.
    public static let maximumEntries = 10_000
}

/// Collects the events of a check.
public final class CheckReportBuilder: Sendable {
    fileprivate struct State: Sendable {
        var sections: [CheckReport.Section] = []
        var entries = 0
        var omitted = 0
    }

    private let state = Mutex(State())

    /// A report of nothing.
    public init() {}

    /// Takes an event; may be called from many tasks at once.
    public func add(_ event: CheckOperation.Event) {
        state.withLock { state in
            switch event {
            case .finding(let finding):
                let isListed = state.takesEntry()
                state.section(finding.feed) { $0.add(finding, isListed: isListed) }
            case .incomplete(let feed, let error, _):
                let isListed = state.takesEntry()
                state.section(feed) { $0.add(gap: error, isListed: isListed) }
            case .finished(let feed, let summary, let time):
                state.section(feed) {
                    $0.summary = summary
                    $0.time = time
                    $0.isCounted = true
                }
            case .progress, .plan, .reached: break
            }
        }
    }

    /// The report at the end.
    /// - Parameter program: the program with its version, and the machine that it ran on.
    public func report(
        by program: String, root: String, level: String, freshWithin: Duration, started: Timestamp, seconds: Double,
        total: CheckOperation.Summary
    ) -> CheckReport {
        state.withLock { state in
            CheckReport(
                program: program, root: root, level: level, freshWithin: freshWithin, started: started,
                seconds: seconds, total: total, sections: state.sections, omitted: state.omitted)
        }
    }
}

extension CheckReportBuilder.State {
    /// Whether there is room for the text of one more finding or gap, which is counted either way.
    fileprivate mutating func takesEntry() -> Bool {
        guard entries < CheckReport.maximumEntries else {
            omitted += 1
            return false
        }
        entries += 1
        return true
    }

    fileprivate mutating func section(_ feed: FeedName?, _ change: (inout CheckReport.Section) -> Void) {
        if let index = sections.firstIndex(where: { $0.feed == feed }) { return change(&sections[index]) }
        var section = CheckReport.Section(feed)
        change(&section)
        sections.append(section)
    }
}

extension CheckOperation.Summary {
    /// The share of the bytes that is fresh, 0 to 1; nil when there are none.
    public var freshShare: Double? {
        // What is missing is not fresh, and of what could not be looked at nobody knows how much it is.
        let all = Double(bytes) + Double(missingBytes)
        return complete && all > 0 ? min(1, Double(freshBytes) / all) : nil
    }

    /// The same for people, e.g. `92.5%`; all of it only when it is all.
    public var freshPercentage: String? {
        freshShare.map { share in
            let tenths = Int((share * 1_000).rounded(.down))
            return tenths % 10 == 0 ? "\(tenths / 10)%" : "\(tenths / 10).\(tenths % 10)%"
        }
    }
}
