/// What a place was measured to promise, and whether nodes may share it.
public struct ProbeReport: Sendable, Equatable {
    /// What kind of place it is, where the backend can tell.
    public var place: String?
    /// What was measured, in the order in which it was measured.
    public var guarantees: [Guarantee] = []
    /// How fast the place is for one process.
    public var measurements: [ProbeMeasurement] = []
    /// What a person should change: one sentence each.
    public var advice: [String] = []

    /// Why nodes may not share it, or why that is not known: one sentence each. Empty where they may.
    public var reasons: [String] {
        let needed = guarantees.filter(\.isNeeded)
        return (needed.filter { $0.holds == false } + needed.filter { $0.holds == nil }).map {
            "\($0.name): \($0.detail)"
        }
    }

    /// Whether any number of nodes may share it.
    public var isFitForSharing: Bool { reasons.isEmpty }

    /// Whether that is certain: nothing that was not measured could change it.
    public var isCertain: Bool {
        guarantees.contains { $0.isNeeded && $0.holds == false } || guarantees.allSatisfy { $0.holds != nil }
    }
}
