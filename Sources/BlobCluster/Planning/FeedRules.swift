/// What the rules of all feeds ask the nodes to do.
///
/// A feed's rules stand in its record in the catalog. Each feed that is in use is checked once a day, or once in its
/// period where that is shorter: its records, and so much of its content that every byte is verified within the period.
/// A feed whose garbage nodes may free is collected once in a grace period, and at least once a week. Of a feed that
/// says which versions stay, the older ones are deleted once a day.
public struct FeedRules: Sendable {
    private static let day = Duration.seconds(86_400)
    private static let shortestCollection = Duration.seconds(3_600)

    private let store: PackageStore
    private let report: @Sendable (ClusterEvent) -> Void

    /// The rules of that store's feeds.
    /// - Parameter report: told of a feed whose record cannot be read, from any thread.
    public init(_ store: PackageStore, report: @escaping @Sendable (ClusterEvent) -> Void = { _ in }) {
        self.store = store
        self.report = report
    }

    /// What there is to do again and again, as the catalog has it now.
    /// - Throws: what listing the catalog throws; a feed that cannot be looked at is reported, and left out.
    /// - Cost: one listing, and one request a feed.
    public func schedules() async throws(StoreError) -> [Schedule] {
        var schedules: [Schedule] = []
        for name in try await store.feeds().flattened() {
            do throws(StoreError) { schedules += Self.schedules(try await store.feed(name).record()) } catch {
                if error.code == .cancelled { throw error }
                report(.trouble("read the rules of feed \(name)", error))
            }
        }
        return schedules
    }

    static func schedules(_ record: FeedRecord) -> [Schedule] {
        guard record.state == .active else { return [] }
        var schedules: [Schedule] = []
        if let period = record.verificationPeriod {
            let interval = min(day, period)
            let arguments = CheckRunner.arguments(record.feed, .due(within: period, every: interval))
            schedules.append(Schedule("check", of: record.feed, arguments, every: interval))
        }
        if record.isCollected {
            let interval = max(shortestCollection, min(.seconds(record.graceSeconds), day * 7))
            schedules.append(Schedule("gc", of: record.feed, CollectRunner.ruled(record.feed), every: interval))
        }
        if !record.retentionRules.isEmpty {
            let arguments = RetentionRunner.arguments(record.feed)
            schedules.append(Schedule("retention", of: record.feed, arguments, every: day))
        }
        return schedules
    }
}
