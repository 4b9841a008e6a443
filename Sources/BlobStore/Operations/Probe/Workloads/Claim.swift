/// What participants of a probe write into records: who it was, and for the how-manieth time.
struct Claim: DocumentBody {
    static let title = "claim of a probe"
    enum CodingKeys: String, CodingKey, CaseIterable { case by, turn }

    var by: String
    var turn: Int
}
