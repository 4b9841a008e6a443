public import BlobStore

/// What a run of upkeep came to, as a Prometheus textfile: for each feed, and without a label for the server root
/// itself. So sums count nothing twice, and the least `complete` is that of the whole.
public struct UpkeepMetrics: Sendable {
    /// What a run came to for one feed, or for the server root itself.
    public struct Subject: Sendable {
        /// Nil for the server root itself.
        public let feed: FeedName?
        /// Whether everything could be looked at.
        public let isComplete: Bool
        /// Whether it is, in the run's own words, good.
        public let isGood: Bool
        /// What is known of it; what is not known is no zero, and has no figure.
        public let figures: [Figure]

        /// What a run came to.
        public init(_ feed: FeedName?, isComplete: Bool, isGood: Bool, figures: [Figure] = []) {
            self.feed = feed
            self.isComplete = isComplete
            self.isGood = isGood
            self.figures = figures
        }
    }

    /// A number that a run came to.
    public struct Figure: Sendable {
        /// What the number is called, behind the command's prefix.
        public let name: String
        /// What it means, in a sentence for people.
        public let help: String
        /// The number itself.
        public let value: MetricValue

        /// A number with its meaning.
        public init(_ name: String, _ value: MetricValue, help: String) {
            self.name = name
            self.value = value
            self.help = help
        }
    }

    private let command: String
    private let ended: Timestamp
    private let subjects: [Subject]

    /// - Parameters:
    ///   - command: what ran, e.g. `check`: its metrics begin with `blobstore_check_`.
    ///   - subjects: the feeds that the run told of, and the server root itself where it was asked about.
    public init(_ command: String, ended: Timestamp, subjects: [Subject]) {
        self.command = command
        self.ended = ended
        self.subjects = subjects
    }

    /// The textfile.
    /// - Parameter former: what the file held before: of feeds that are not good now it says when they were.
    public func text(after former: String = "") -> String {
        var page = MetricsText()
        page.gauge(
            name("last_run_timestamp_seconds"), help: "When the last run of blobtool \(command) ended.",
            subjects.map { .init(feed: $0.feed?.text, value: .integer(ended.seconds)) })
        page.gauge(
            name("last_good_timestamp_seconds"),
            help: "When the last good run of blobtool \(command) ended.",
            lastGood(after: former).sorted { $0.key < $1.key }.map {
                .init(feed: $0.key.isEmpty ? nil : $0.key, value: .integer($0.value))
            })
        page.gauge(
            name("complete"), help: "Whether the last run could look at everything: 1, or else 0.",
            subjects.map { .init(feed: $0.feed?.text, value: .integer($0.isComplete ? 1 : 0)) })
        addFigures(to: &page)
        return page.text
    }

    private func addFigures(to page: inout MetricsText) {
        var helps: [(name: String, help: String)] = []
        var samples: [String: [MetricsText.Sample]] = [:]
        for subject in subjects {
            for figure in subject.figures {
                if samples[figure.name] == nil { helps.append((figure.name, figure.help)) }
                samples[figure.name, default: []].append(.init(feed: subject.feed?.text, value: figure.value))
            }
        }
        for (figure, help) in helps { page.gauge(name(figure), help: help, samples[figure] ?? []) }
    }

    /// By the feed's name. What this run did not tell of keeps its time, unless all feeds are known and it is none.
    private func lastGood(after former: String) -> [String: Int64] {
        var times = FormerMetrics(former, metric: name("last_good_timestamp_seconds"), until: ended).lastGood
        if subjects.contains(where: { $0.feed == nil && $0.isComplete }) {
            let told = Set(subjects.map { $0.feed?.text ?? "" })
            times = times.filter { told.contains($0.key) }
        }
        for subject in subjects where subject.isGood { times[subject.feed?.text ?? ""] = ended.seconds }
        return times
    }

    private func name(_ figure: String) -> String { "blobstore_\(command)_\(figure)" }
}
