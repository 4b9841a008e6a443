import BlobStoreTesting
import Testing

@Suite("The checker of linearizability")
struct RegisterCheckerTests {
    private func history(_ lines: String...) -> [RegisterOperation] {
        lines.compactMap { RegisterOperation(line: $0) }
    }

    @Test("an empty history and one in order are linearizable")
    func sound() {
        #expect(RegisterChecker.flaw(in: []) == nil)
        let operations = history(
            "a read - - =- 0 1", "a write x - won 2 3", "b read - - =x 4 5", "b write y x won 6 7",
            "a write z x lost 8 9")
        #expect(operations.count == 5)
        #expect(RegisterChecker.flaw(in: operations) == nil)
    }

    @Test("operations that overlap may take effect in either order")
    func overlapping() {
        for reads in [("x", "y"), ("x", "x"), ("y", "y")] {
            let operations = history(
                "a write x - won 0 1", "a write y x won 2 9", "b read - - =\(reads.0) 3 4", "c read - - =\(reads.1) 5 6"
            )
            #expect(RegisterChecker.flaw(in: operations) == nil, "\(reads)")
        }
    }

    @Test(
        "what no order explains is found",
        arguments: [
            ["a write x - won 0 1", "b read - - =- 2 3"],
            ["a write x - won 0 1", "a write y x won 2 9", "b read - - =y 3 4", "c read - - =x 5 6"],
            ["a write x - won 0 1", "b write y - won 2 3"],
            ["a write x - won 0 5", "b write y - won 0 5"],
            ["a write x - won 0 1", "b write y x lost 2 3"],
            ["a write x - lost 0 1"],
            ["a write x - won 0 1", "b write y x lost 2 6", "c read - - =y 3 4"],
            ["a write x - unknown 5 6", "b read - - =x 0 1"],
        ])
    func flawed(_ lines: [String]) throws {
        let operations = lines.compactMap { RegisterOperation(line: $0) }
        #expect(operations.count == lines.count)
        let flaw = try #require(RegisterChecker.flaw(in: operations))
        #expect(flaw.contains("contradicts"))
    }

    @Test("a write whose outcome is unknown may have happened, may happen later, or never")
    func unknown() {
        let begin = ["a write x - won 0 1", "a write y x unknown 2 3"]
        for end in [["b read - - =x 4 5"], ["b read - - =y 4 5"], ["b read - - =x 4 5", "b read - - =y 6 7"]] {
            let operations = (begin + end).compactMap { RegisterOperation(line: $0) }
            #expect(RegisterChecker.flaw(in: operations) == nil, "\(end)")
        }
        let back = begin + ["b read - - =y 4 5", "b read - - =x 6 7"]
        #expect(RegisterChecker.flaw(in: back.compactMap { RegisterOperation(line: $0) }) != nil)
    }

    @Test("a line of text gives the operation back")
    func lines() throws {
        let operation = RegisterOperation(
            client: "c1", action: .write("v", expecting: nil), outcome: .lost, begunAt: 5, endedAt: 7)
        #expect(RegisterOperation(line: operation.line) == operation)
        for line in ["", "a b c", "a write x - won 0 z", "a fly - - won 0 1"] {
            #expect(RegisterOperation(line: line) == nil)
        }
    }
}
