import BlobFS
import BlobSystem
import FoundationEssentials
import Glibc
import ObjectStorage
import TestSupport
import Testing

@Suite("Modes are those of the root directory, whatever the umask", .serialized)
struct ModeTests {
    /// A root that a group shares, on a new directory with a group that is not this process's, if it may do that.
    private func shared() throws -> (folder: TemporaryFolder, group: UInt32) {
        let folder = TemporaryFolder()
        let group: UInt32 = geteuid() == 0 ? 4_242 : getegid()
        #expect(chown(folder.path, UInt32.max, group) == 0)
        #expect(chmod(folder.path, 0o2775) == 0)
        return (folder, group)
    }

    private func withMask<Value>(_ mask: mode_t, _ body: () async throws -> Value) async throws -> Value {
        let before = umask(mask)
        defer { umask(before) }
        return try await body()
    }

    @Test("every file and folder gets the root's permissions and group under umask 077")
    func everything() async throws {
        let (folder, group) = try shared()
        let storage = try await folder.open()
        try await withMask(0o077) {
            for scenario in Scenario.all where scenario.name != "remove a record" && scenario.name != "remove an object"
            {
                for key in ["a/b/object", "c/d/object"] { try await storage.removeObject(Key(key)) }
                try await storage.removeRecord(Key("records/r.json"))
                try await scenario.prepare(storage)
                try await scenario.act(storage)
                try expectModes(folder.path, group)
            }
        }
        for try await page in storage.list(ListRequest(wantsDetails: true)) {
            for case .access(let path, let problem) in page { Issue.record("\(path): \(problem)") }
        }
        await storage.close()
    }

    @Test("a root that is made inside another gets that one's permissions and group under umask 022")
    func inner() async throws {
        let (folder, group) = try shared()
        try await withMask(0o022) {
            let inner = try await FileStorage.create(path: folder.path + "/feeds/npm", inside: folder.path)
            _ = try await inner.writeObject(Key("a/object"), ObjectSource([1]))
            await inner.close()
        }
        try expectModes(folder.path, group)
    }

    private func expectModes(_ path: String, _ group: UInt32) throws {
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            let status: FileStatus
            do { status = try LinuxCalls().status(ofPath: path + "/" + name, followingLinks: false) } catch {
                // A staged file that is let go goes when a thread is free.
                #expect(error == .notFound && name.hasPrefix("staging/"), "\(name)")
                continue
            }
            #expect(status.permissions == (status.kind == .directory ? 0o2775 : 0o664), "\(name)")
            #expect(status.group == group, "\(name)")
        }
    }

    @Test("a folder that was left between mkdir and chmod is set right by the next who comes by", arguments: 0..<6)
    func leftBetween(_ fatal: Int) async throws {
        let (folder, group) = try shared()
        let count = Counter()
        var calls = InterceptedCalls()
        // A process that is killed there leaves what one leaves that gives up.
        calls.before = { (call) throws(Errno) in if call.name == "fchmod", count.next() > fatal { throw .inputOutput } }
        let (doomed, next) = (try await folder.open(calls), try await folder.open())
        try await withMask(0o077) {
            for storage in [doomed, next] {
                _ = try? await storage.writeObject(Key("a/b/object"), ObjectSource([1]))
                let version = try? await storage.writeRecord(Key("records/r.json"), [1], expecting: .absent)
                if let version {
                    _ = try? await storage.writeRecord(Key("records/r.json"), [2], expecting: .version(version))
                }
            }
            let now = try await next.readRecord(Key("records/r.json"))
            #expect(now != nil)
            _ = try await next.writeRecord(
                Key("records/r.json"), [3], expecting: now.map { .version($0.version) } ?? .absent)
        }
        await doomed.close()
        await next.close()
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        where !name.hasPrefix("staging/") && !name.contains("~/p.") {
            let status = try folder.status(name)
            #expect(status.permissions == (status.kind == .directory ? 0o2775 : 0o664), "\(name)")
            #expect(status.group == group, "\(name)")
        }
    }

    @Test("a listing with details names what other accounts could not use")
    func departures() async throws {
        let (folder, _) = try shared()
        let storage = try await folder.open()
        _ = try await storage.writeObject(Key("a/object"), ObjectSource([1]))
        _ = try await storage.writeObject(Key("b/object"), ObjectSource([1]))
        #expect(chmod(folder.path + "/a/object", 0o600) == 0)
        #expect(chmod(folder.path + "/b", 0o2755) == 0)
        var found: [String] = []
        for try await page in storage.list(ListRequest(wantsDetails: true)) {
            for case .access(let path, _) in page { found.append(path) }
        }
        #expect(found == ["a/object", "b/"])
        await storage.close()
    }

    @Test("a file that cannot be given to the root's group is refused, and not published with another")
    func foreignGroup() async throws {
        guard geteuid() == 0 else { return }
        let (folder, _) = try shared()
        #expect(chmod(folder.path, 0o775) == 0)
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in if call.name == "fchown" { throw .notPermitted } }
        let storage = try await folder.open(calls)
        let error = await #expect(throws: StoreError.self) {
            try await storage.writeObject(Key("object"), ObjectSource([1]))
        }
        #expect(error?.code == .permissionDenied)
        #expect(error?.message.hasPrefix("this account is not in the group ") == true)
        #expect(error?.message.contains("chmod g+s") == true)
        #expect(!folder.exists("object"))
        await storage.close()
    }

    @Test("who may not write is told of the root, not of a file on its way in", arguments: ["staging", "staged file"])
    func forbidden(_ what: String) async throws {
        let folder = TemporaryFolder()
        if what != "staging" {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/staging", withIntermediateDirectories: false)
        }
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in
            let isNew =
                what == "staging" ? call.name == "mkdirat" : call.name == "open" && call.subject.utf8.count == 36
            if isNew { throw .accessDenied }
        }
        let storage = try await folder.open(calls)
        let error = await #expect(throws: StoreError.self) {
            try await storage.writeObject(Key("object"), ObjectSource([1]))
        }
        #expect(error?.code == .permissionDenied)
        #expect(error?.message.contains("may not write to \(storage.address)") == true, "\(String(describing: error))")
        await storage.close()
    }

    @Test("two accounts of one group publish, refresh, replace, move and remove beside each other")
    func accounts() async throws {
        guard geteuid() == 0 else { return }
        let (folder, group) = try shared()
        let calls = [Account.calls(user: 5_001, group: group), Account.calls(user: 5_002, group: group)]
        let nodes = [try await folder.open(calls[0]), try await folder.open(calls[1])]
        try await withMask(0o077) {
            for turn in 0..<2 {
                let (one, other) = (nodes[turn], nodes[1 - turn])
                _ = try await one.writeObject(Key("a/b\(turn)/object"), ObjectSource(Scenario.small))
                #expect(try await other.writeObject(Key("a/b\(turn)/object"), ObjectSource(Scenario.small)) == .present)
                #expect(try await other.refreshObject(Key("a/b\(turn)/object"), size: Int64(Scenario.small.count)))
                for round in 0..<12 {
                    try await Scenario.replace(round % 2 == 0 ? one : other, with: "\(turn) \(round)")
                }
                _ = try await other.copyObject(from: other, Key("a/b\(turn)/object"), to: Key("copied/\(turn)"))
                try await other.moveObject(Key("a/b\(turn)/object"), to: Key("moved/\(turn)"))
                try await one.removeObject(Key("moved/\(turn)"))
                try await other.removeRecord(Key("records/r.json"))
            }
            try await withThrowingTaskGroup { group in
                for number in 0..<60 {
                    let node = nodes[number % 2]
                    group.addTask {
                        _ = try await node.writeObject(
                            Key("race/\(number / 2)/\(number)"), ObjectSource(Scenario.small))
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect([5_001, 5_002].contains(try folder.status("race").owner), "the accounts were not taken on")
        try expectModes(folder.path, group)
        for node in nodes { await node.close() }
    }
}
