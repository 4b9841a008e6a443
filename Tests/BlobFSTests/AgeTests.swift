import BlobFS
import BlobSystem
import FoundationEssentials
import ObjectStorage
import TestSupport
import Testing

@Suite("Ages are what can be, and asking for them writes nothing")
struct AgeTests {
    private func age(_ modified: FileTime, accessed: FileTime? = nil) async throws -> Duration? {
        let disk = SimulatedDisk()
        var options = FileStorageOptions(threads: 1)
        options.calls = disk
        options.flushFailures = FlushFailures()
        let storage = try await FileStorage.open(path: SimulatedDisk.rootPath, options: options)
        _ = try await storage.writeObject(Key("a/object"), ObjectSource([1]))
        disk.setTimes(modified, accessed, of: "object")
        let age = try await storage.statObject(Key("a/object"))?.age
        await storage.close()
        return age
    }

    @Test(
        "an age that cannot be is now",
        arguments: [Int64.min, -1, 0, 500_000_000, 4_000_000_000, Int64.max].map {
            FileTime(seconds: $0, nanoseconds: 0)
        })
    func impossible(_ modified: FileTime) async throws {
        #expect(try await age(modified) == .zero)
    }

    @Test("times that are the verifier of an NFSv3 creation are now")
    func verifier() async throws {
        let plausible = FileTime(seconds: 1_700_000_000, nanoseconds: 0)
        #expect(try await age(plausible, accessed: FileTime(seconds: 31_337, nanoseconds: 0)) == .zero)
        let old = try #require(try await age(plausible, accessed: plausible))
        #expect(old > .seconds(3_600))
    }

    @Test("an object whose age cannot be renewed is not taken for published, and its file is named with what to do")
    func unchangeable() async throws {
        let folder = TemporaryFolder()
        let isHeld = Flag()
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in
            if isHeld.isRaised && call.name == "utimens" { throw .notPermitted }
        }
        let storage = try await folder.open(calls)
        let key = try Key("a/object")
        _ = try await storage.writeObject(key, ObjectSource([1]))
        isHeld.raise()
        for attempt in 0..<2 {
            await #expect {
                if attempt == 0 {
                    _ = try await storage.refreshObject(key, size: 1)
                } else {
                    _ = try await storage.writeObject(key, ObjectSource([1]))
                }
            } throws: { error in
                guard let error = error as? StoreError, error.code == .permissionDenied else { return false }
                return error.message.contains("/a/object is there and cannot be changed")
                    && error.message.contains("lsattr")
            }
        }
        await storage.close()
    }

    @Test("an object that is linked elsewhere is young before its new name is there")
    func linked() async throws {
        let folder = TemporaryFolder()
        let clean = try await folder.open()
        _ = try await clean.writeObject(Key("a/object"), ObjectSource([1]))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -1_000_000)], ofItemAtPath: folder.path + "/a/object")
        var calls = InterceptedCalls()
        let seen = Monitor<[Int64]>([])
        let path = folder.path
        calls.before = { (call) throws(Errno) in
            guard call.name == "linkat", call.subject == "copy" else { return }
            let status = try LinuxCalls().status(ofPath: path + "/a/object", followingLinks: false)
            seen.withLock { $0.append(LinuxCalls().wallTime.seconds - status.modified.seconds) }
        }
        let storage = try await folder.open(calls)
        _ = try await storage.copyObject(from: storage, Key("a/object"), to: Key("b/copy"))
        let ages = seen.withLock { $0 }
        #expect(ages.count == 1 && ages.allSatisfy { $0 < 1_000 }, "\(ages)")
        await storage.close()
        await clean.close()
    }

    @Test("opening a root, looking, listing and reading change nothing there")
    func readingWritesNothing() async throws {
        let folder = TemporaryFolder()
        let clean = try await folder.open()
        for scenario in Scenario.all where !scenario.name.contains("large") {
            try await scenario.prepare(clean)
            try await scenario.act(clean)
        }
        try await Scenario.replace(clean, with: "again")
        _ = try await clean.writeObject(Key("a/b/object"), ObjectSource(Scenario.small))
        var calls = InterceptedCalls()
        let changes = Monitor<[String]>([])
        calls.before = { (call) throws(Errno) in
            let reads = ["open", "stat", "read", "getdents64"]
            if !reads.contains(call.name) { changes.withLock { $0.append(call.name) } }
        }
        let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        let storage = try await folder.open(calls)
        _ = storage.capabilities
        #expect(try await storage.statObject(Key("a/b/object")) != nil)
        #expect(try await Scenario.object("a/b/object", Scenario.small)(storage))
        #expect(try await storage.readRecord(Key("records/r.json")) != nil)
        _ = try await storage.list(ListRequest(wantsDetails: true)).flattened()
        _ = try await storage.uploadsInFlight().flattened()
        try await storage.checkLocation()
        #expect(changes.withLock { $0 } == [])
        #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() == before)
        await storage.close()
        await clean.close()
    }

    @Test("a generation that no writer comes to is nobody's, and the highest that counts is not gone beyond")
    func foreignGenerations() async throws {
        let folder = TemporaryFolder()
        let storage = try await folder.open()
        let key = try Key("r.json")
        try await Scenario.replace(storage, with: "unrelated")
        let first = try await storage.writeRecord(key, [1], expecting: .absent)
        _ = try await storage.writeRecord(key, [2], expecting: .version(first))
        for name in ["18446744073709551615", "18446744073709551616", "9007199254740993", "99999999999999999999999"] {
            #expect(FileManager.default.createFile(atPath: folder.path + "/r.json~/" + name, contents: Data([9])))
        }
        let second = try #require(try await storage.readRecord(key))
        #expect(second.bytes == [2])
        _ = try await storage.writeRecord(key, [3], expecting: .version(second.version))
        #expect(try await storage.readRecord(key)?.bytes == [3])
        let last = "9007199254740992"
        #expect(FileManager.default.createFile(atPath: folder.path + "/r.json~/" + last, contents: Data([9])))
        let foreign = try #require(try await storage.readRecord(key))
        await #expect(throws: StoreError.self) {
            try await storage.writeRecord(key, [4], expecting: .version(foreign.version))
        }
        let odd = Record.Version(token: "18446744073709551615-abc")
        await #expect(throws: StoreError.self) { try await storage.writeRecord(key, [4], expecting: .version(odd)) }
        _ = try await storage.list(ListRequest(wantsDetails: true)).flattened()
        await storage.close()
    }
}
