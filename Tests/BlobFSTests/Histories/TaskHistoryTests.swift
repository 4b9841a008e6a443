import BlobFS
import BlobStoreTesting
import BlobSystem
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@Suite("Records on a filesystem are linearizable when many tasks on two nodes contend for them")
struct TaskHistoryTests {
    @Test("with system calls held up by chance", arguments: 0..<4)
    func contended(_ round: Int) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let folder = TemporaryFolder(in: round == 0 ? "/tmp" : "/dev/shm")
        var nodes: [FileStorage] = []
        for node in UInt64(0)..<2 { nodes.append(try await folder.open(InterceptedCalls.heldUp(seed: seed &+ node))) }
        let history = HistoryRecorder()
        let key = try Key("feeds/npm/record.json")
        await withTaskGroup(of: Void.self) { [nodes] group in
            for number in 0..<8 {
                group.addTask {
                    var client = RegisterClient(nodes[number % 2], key, name: "c\(number)", history)
                    await client.run(operations: 40, seed: seed &+ UInt64(number))
                }
            }
        }
        for node in nodes { await node.close() }
        let operations = history.operations
        #expect(operations.count == 8 * 40)
        // Enough of them to be pruned.
        #expect(operations.count(where: \.isSuccessfulWrite) > 20)
        let flaw = RegisterChecker.flaw(in: operations)
        #expect(flaw == nil, "seed \(seed): \(flaw ?? "")")
    }
}
