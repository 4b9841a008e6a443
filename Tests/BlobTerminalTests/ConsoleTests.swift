import BlobStore
import Glibc
import Synchronization
import Testing

@testable import BlobTerminal

/// A stream into memory that fails once it took so many bytes.
final class Memory: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }

    func stream(isTerminal: Bool = false, failing errno: Int32? = nil, after limit: Int = 0) -> TextStream {
        TextStream(isTerminal: isTerminal) { chunk in
            self.bytes.withLock { bytes in
                if let errno, bytes.count + chunk.count > limit { return errno }
                bytes += chunk
                return nil
            }
        }
    }
}

struct ConsoleTests {
    private let out = Memory()
    private let err = Memory()
    private let interruption = Interruption()

    private func console(
        _ format: Console.Format, _ verbosity: Console.Verbosity = .normal, isTerminal: Bool = false
    ) -> Console {
        Console(
            format: format, verbosity: verbosity, interruption: interruption,
            output: out.stream(isTerminal: isTerminal), notices: err.stream(isTerminal: isTerminal))
    }

    @Test("fields stand in the order in which they were given, the type first, and absent ones are left out")
    func order() {
        let line = JSONLine("thing", ["b": 1, "a": "x", "none": nil, "list": .array([true, .null, .number(0.5)])])
        #expect(line.text == #"{"type":"thing","b":1,"a":"x","list":[true,null,0.5]}"#)
    }

    @Test("a line of JSON stays one line, and safe on a terminal, whatever a name holds")
    func escapes() {
        let line = JSONLine("t", ["p": .string("a\"\\\n\r\t\u{1b}[2J\u{7f}\u{85}\u{2028}ü😀")])
        #expect(line.text == #"{"type":"t","p":"a\"\\\n\r\t\u001b[2J\u007f\u0085\u2028ü😀"}"#)
    }

    @Test("a number that JSON has no word for is null")
    func numbers() {
        #expect(
            JSONLine("t", ["x": .number(.nan), "y": .number(.infinity)]).text == #"{"type":"t","x":null,"y":null}"#)
    }

    @Test("results go to standard output in the format asked for, and prose to standard error")
    func streams() {
        console(.json).emit(JSONLine("a"), text: "people")
        console(.text).emit(JSONLine("a"), text: "people")
        console(.json).say("prose")
        #expect(out.text == "{\"type\":\"a\"}\npeople\n")
        #expect(err.text == "prose\n")
    }

    @Test("an error is a sentence on standard error, and with JSON a line on standard output too")
    func errors() {
        console(.text).report(StoreError(.notFound, "there is no feed \"npm\""))
        #expect(out.text == "")
        #expect(err.text == "error: there is no feed \"npm\"\n")
        console(.json).report(StoreError(.notFound, "there is no feed \"npm\""))
        #expect(out.text == #"{"type":"error","code":"notFound","message":"there is no feed \"npm\""}"# + "\n")
    }

    @Test("a quiet console says errors and results only")
    func quiet() {
        let console = console(.text, .quiet)
        console.say("prose")
        console.warn("careful")
        console.emit(JSONLine("a"), text: "result")
        console.report(code: "failed", "it broke")
        #expect(out.text == "result\n")
        #expect(err.text == "error: it broke\n")
    }

    @Test("what is not flushed waits for the flush")
    func flushes() {
        let console = console(.text)
        console.emit(JSONLine("a"), text: "one", flush: false)
        #expect(out.text == "")
        console.flush()
        #expect(out.text == "one\n")
    }

    @Test("a reader who goes away stops the work, once, and quietly")
    func closedPipe() {
        let stops = Mutex(0)
        interruption.onRequest { stops.withLock { $0 += 1 } }
        let console = Console(
            format: .text, interruption: interruption, output: out.stream(failing: EPIPE, after: 4),
            notices: err.stream())
        for _ in 0..<3 { console.emit(JSONLine("a"), text: "one") }
        #expect(out.text == "one\n")
        #expect(stops.withLock { $0 } == 1)
        #expect(interruption.reason == .outputFailed(errno: EPIPE))
        #expect(interruption.reason?.sentence == nil)
        #expect(interruption.reason?.status.code == 141)
    }

    @Test("a full disk under standard output is a failure that is told")
    func fullDisk() {
        let console = Console(
            format: .text, interruption: interruption, output: out.stream(failing: ENOSPC), notices: err.stream())
        console.emit(JSONLine("a"), text: "one")
        #expect(interruption.reason?.status.code == 2)
        #expect(interruption.reason?.sentence?.contains("No space left") == true)
    }

    @Test("a name cannot command a terminal")
    func printable() {
        console(.text).report(code: "failed", "bad \u{1b}]0;x\u{7} name\n\u{202e}")
        #expect(err.text == "error: bad \\u{1B}]0;x\\u{07} name\\n\\u{202E}\n")
    }

    @Test("a result or a notice that somebody forgot to make harmless is so all the same, and keeps its lines")
    func harmless() {
        let console = console(.text)
        console.emit(JSONLine("a"), text: "one \u{1b}[2J\u{200e}\ntwo")
        console.say("three \u{202e}\nfour")
        #expect(out.text == "one \\u{1B}[2J\\u{200E}\ntwo\n" && err.text == "three \\u{202E}\nfour\n")
    }

    @Test("colours are for terminals that have them, unless a person says otherwise")
    func colours() {
        let (screen, file) = (out.stream(isTerminal: true), out.stream())
        #expect(Colours.auto.apply(to: screen, [:]) && !Colours.auto.apply(to: file, [:]))
        #expect(!Colours.auto.apply(to: screen, ["NO_COLOR": "1"]) && Colours.auto.apply(to: screen, ["NO_COLOR": ""]))
        #expect(!Colours.auto.apply(to: screen, ["TERM": "dumb"]))
        #expect(Colours.always.apply(to: file, ["NO_COLOR": "1"]) && !Colours.never.apply(to: screen, [:]))
    }

    @Test("columns are aligned, and lines have no spaces at their end")
    func table() {
        var table = Table([("NAME", .left), ("SIZE", .right), ("WHY", .left)])
        table.add(["a", "1,000", ""])
        table.add(["long\nname", "1", "b"])
        #expect(table.lines == ["NAME         SIZE  WHY", "a           1,000", "long\\nname      1  b"])
    }
}
