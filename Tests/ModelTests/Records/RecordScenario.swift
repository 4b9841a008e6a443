/// What a process of the model does, one operation after the other.
enum Program {
    case read
    /// Writes `value` over what this process last knew to be there.
    case write(UInt8)
    case prune
}

/// The processes, what is there before they begin, and what may go wrong.
struct RecordScenario {
    var name: String
    var programs: [[Program]]
    /// Whether generation 1 exists, with the value `i`.
    var existsAtFirst: Bool
    /// Whether the reply to a link may be lost, so that the call is repeated.
    var losesReplies: Bool

    /// Value 0 stands for absent, 1 for what was there first.
    static func name(_ value: UInt8) -> String { ["nothing", "i", "a", "b", "c", "d", "e"][Int(value)] }

    private static let (a, b, c, d, e): (UInt8, UInt8, UInt8, UInt8, UInt8) = (2, 3, 4, 5, 6)

    static let all = [
        RecordScenario(
            name: "a stale writer, a busy one, a pruner, a reader",
            programs: [[.write(a)], [.read, .write(b), .write(c)], [.prune], [.read, .read]],
            existsAtFirst: true, losesReplies: false),
        RecordScenario(
            name: "the same with lost replies",
            programs: [[.write(a)], [.read, .write(b), .write(c)], [.prune], [.read]],
            existsAtFirst: true, losesReplies: true),
        RecordScenario(
            name: "two creators with lost replies, a pruner, a reader",
            programs: [[.write(a)], [.write(b), .read, .write(c), .write(d)], [.prune], [.read]],
            existsAtFirst: false, losesReplies: true),
        RecordScenario(
            name: "two pruners",
            programs: [[.write(a)], [.write(b), .write(c), .write(d)], [.prune], [.prune]],
            existsAtFirst: true, losesReplies: true),
        RecordScenario(
            name: "a busier writer, two rounds of pruning, a reader, lost replies",
            programs: [[.write(a)], [.read, .write(b), .write(c), .write(d)], [.prune, .prune], [.read]],
            existsAtFirst: true, losesReplies: true),
        RecordScenario(
            name: "three creators that go on, a pruner, lost replies",
            programs: [[.write(a)], [.write(b), .read, .write(c), .write(d)], [.prune, .prune], [.read, .write(e)]],
            existsAtFirst: false, losesReplies: true),
    ]
}

/// The rules of the protocol that can be taken out, one at a time, to see what each is good for.
enum Rule: String, CaseIterable {
    case writersPropose = "a writer links a proposal, which a pruner can take away from it"
    case lookAfterProposing = "a writer looks at the highest generation after it has proposed"
    case lookBeforeLinking = "a writer looks at all before it links"
    case proposalsGoFirst = "a pruner takes proposals away before generations"
    case wonOnceLinked = "nothing is checked again after the link"
    case nothingIsTakenBack = "a writer never takes a linked file away"
    case firstGenerationStays = "generation 1 is never pruned"
    case highestGenerationStays = "the highest generation is never pruned"
    case readersLookAgain = "a reader whose file is gone lists again"
    case listingIsOneMoment = "a reader's listing shows the folder as it was at one moment"
    case ownFileMeansWon = "after a lost reply, one's own file under the name means won"
    case lostReplyIsUnknown = "a proposal that is gone after a lost reply leaves the outcome unknown"
}
