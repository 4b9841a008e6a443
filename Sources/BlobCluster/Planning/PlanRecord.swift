/// Which job of each schedule is the latest: `cluster/plan.json`.
///
/// It changes by compare-and-swap and an occasion only grows, so two planners, one of them paused, never make two jobs
/// of one occasion.
package struct PlanRecord: DocumentBody {
    package static let title = "plan"
    package enum CodingKeys: String, CodingKey, CaseIterable { case term, schedules }

    package struct Entry: Codable, Sendable, Equatable {
        package let occasion: Int64
        package let job: String
        /// By the planner's clock: only to find out what is due.
        package let at: Timestamp
    }

    /// Of the planner that wrote it.
    package var term: Int64
    /// By the name of the schedule.
    package var schedules: [String: Entry]

    package var flaw: String? {
        if let flaw = term.flawOfCounter { return "the term \(flaw)" }
        return schedules.values.lazy.compactMap { $0.occasion.flawOfCounter.map { "an occasion \($0)" } }.first
    }

    package static let key = Key(trusted: "cluster/plan.json")
}
