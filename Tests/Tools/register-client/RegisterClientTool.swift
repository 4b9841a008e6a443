import BlobFS
import BlobStoreTesting
import Glibc
import ObjectStorage

/// One process among several that read and write the same record: `register-client ROOT KEY NAME OPERATIONS SEED`.
/// Each operation is told on stdout before it begins and after it.
@main
enum RegisterClientTool {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 6, let operations = Int(arguments[4]), let seed = UInt64(arguments[5]) else {
            exit(64)
        }
        let storage = try await FileStorage.open(path: arguments[1])
        let history = HistoryRecorder { operation in
            // One call, so that a line is there or not.
            let line = Array((operation.line + "\n").utf8)
            _ = line.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        }
        var client = RegisterClient(storage, try Key(arguments[2]), name: arguments[3], history)
        await client.run(operations: operations, seed: seed)
        await storage.close()
    }
}
