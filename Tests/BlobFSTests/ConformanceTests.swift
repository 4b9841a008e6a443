import BlobFS
import BlobStoreTesting
import BlobSystem
import ObjectStorage
import TestSupport
import Testing

@Suite("A storage on a filesystem keeps every promise of the protocol")
struct ConformanceTests {
    @Test("on a disk, seen from two nodes", arguments: StorageConformance.checks)
    func disk(_ check: StorageConformance.Check) async throws {
        let folder = TemporaryFolder()
        try await check.run(onNodes: { [try await folder.open(), try await folder.open()] })
    }

    @Test("in memory", arguments: StorageConformance.checks)
    func memory(_ check: StorageConformance.Check) async throws {
        let folder = TemporaryFolder(in: "/dev/shm")
        try await check.run { try await folder.open() }
    }

    @Test("under a prefix", arguments: StorageConformance.checks)
    func prefixed(_ check: StorageConformance.Check) async throws {
        let folder = TemporaryFolder(in: "/dev/shm")
        try await check.run { PrefixStorage(try await folder.open(), prefix: try KeyPrefix("feeds/npm/")) }
    }

    @Test("without hard links, by the one process that may write there", arguments: StorageConformance.checks)
    func withoutLinks(_ check: StorageConformance.Check) async throws {
        let folder = TemporaryFolder(in: "/dev/shm")
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in if call.name == "linkat" { throw .notSupported } }
        let mount = calls
        try await check.run {
            let storage = try await folder.open(mount)
            try await storage.measure()
            #expect(!storage.capabilities.sharedWriters)
            #expect(!storage.capabilities.advice.isEmpty)
            return storage
        }
    }
}
