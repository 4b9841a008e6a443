import BlobBackends
import BlobStore
import BlobStoreTesting
import Glibc

/// What a machine of `Tests/Lab/mounts` runs beside blobtool:
///
///     lab-client conformance ROOT [MANY]   every promise of a storage, below the root; MANY names make a large folder
///     lab-client answer ROOT               reads and writes records as lines on stdin ask for
///     lab-client judge                     whether the history on stdin is linearizable
@main
enum LabClient {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let root = arguments.count > 1 ? arguments[1] : nil
        switch (arguments.first, root) {
        case ("conformance", let root?): exit(await Conformance(root, manyNames: arguments.dropFirst(2).first).run())
        case ("answer", let root?):
            var servant = try await RecordServant.open(root)
            await servant.serve()
        case ("judge", nil): exit(judge())
        default: exit(64)
        }
    }

    /// Says what is wrong with a history of ``RegisterOperation/line``s, or how many there were.
    private static func judge() -> Int32 {
        var lines: [String] = []
        while let line = readLine() { lines.append(line) }
        let operations = HistoryRecorder.operations(ofJournal: lines)
        if let flaw = RegisterChecker.flaw(in: operations) {
            say("not linearizable: \(flaw)")
            return 1
        }
        say("\(operations.count) \(operations.count(where: \.isSuccessfulWrite))")
        return 0
    }
}

/// A line for whoever started this, at once.
func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
}
