import ObjectStorage
import Testing

@Suite("What became of a write is told by the record that is there")
struct LineageTests {
    /// Writes one after another, each of which replaces the one before.
    private func chain(_ names: [String]) -> [Lineage] {
        names.reduce(into: []) { $0.append(Lineage(write: $1, after: $0.last)) }
    }

    @Test("a write that stands there has won, and one in its past was replaced since")
    func won() {
        let chain = chain(["a", "b", "c"])
        for (index, write) in chain.enumerated() {
            let isLast = index == chain.count - 1
            #expect(write.outcome(by: chain[2], isCreation: index == 0) == (isLast ? .won : .superseded))
        }
    }

    @Test("a write that the chain leads past without it was lost")
    func lost() {
        let chain = chain(["a", "b", "c"])
        #expect(Lineage(write: "x").outcome(by: chain[2], isCreation: true) == .lost)
        #expect(Lineage(write: "x", after: chain[0]).outcome(by: chain[2], isCreation: false) == .lost)
    }

    @Test("a chain that is too short, or of a record that was made anew, proves nothing")
    func unclear() {
        let long = chain((0...20).map { "w\($0)" })
        #expect(Lineage(write: "x").outcome(by: long[20], isCreation: true) == .unclear)
        #expect(Lineage(write: "x", after: long[2]).outcome(by: long[20], isCreation: false) == .unclear)
        #expect(Lineage(write: "x", after: long[5]).outcome(by: long[20], isCreation: false) == .lost)
        let anew = chain(["n", "m"])
        #expect(Lineage(write: "x", after: long[2]).outcome(by: anew[1], isCreation: false) == .unclear)
        #expect(Lineage(write: "x", after: nil).outcome(by: anew[1], isCreation: false) == .unclear)
    }
}
