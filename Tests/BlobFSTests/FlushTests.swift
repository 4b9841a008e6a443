import BlobFS
import BlobSystem
import FoundationEssentials
import ObjectStorage
import TestSupport
import Testing

@Suite("Every flush of a folder counts, wherever the folder stands")
struct FlushTests {
    private func calls(flushing answer: Errno) -> InterceptedCalls {
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in if call.name == "fsync" { throw answer } }
        return calls
    }

    @Test(
        "directories are made on a mount that knows no flush of folders",
        arguments: [Errno.invalidArgument, .notSupported])
    func unsupported(_ errno: Errno) throws {
        let folder = TemporaryFolder()
        try calls(flushing: errno).makeDirectories(folder.path + "/a/b", FlushFailures())
        #expect(folder.exists("a/b"))
    }

    @Test("a directory whose name may not survive is not made, and the failure is remembered")
    func failedMaking() throws {
        let folder = TemporaryFolder()
        let failures = FlushFailures()
        let failure = #expect(throws: DirectoryFailure.self) {
            try calls(flushing: .inputOutput).makeDirectories(folder.path + "/a", failures)
        }
        #expect(failure?.errno == .inputOutput && failure?.path == folder.path + "/a")
        #expect(failures.mark(try folder.status("").identity) != .found)
    }

    @Test("a directory whose flush failed is made anew by the next attempt, which flushes what it made")
    func madeAnew() throws {
        let folder = TemporaryFolder()
        let (path, failures) = (folder.path + "/a/b", FlushFailures())
        #expect(throws: DirectoryFailure.self) { try calls(flushing: .inputOutput).makeDirectories(path, failures) }
        #expect(folder.names() == [])
        let flushes = Counter()
        var good = InterceptedCalls()
        good.before = { (call) throws(Errno) in if call.name == "fsync" { _ = flushes.next() } }
        try good.makeDirectories(path, failures)
        #expect(folder.exists("a/b") && flushes.value == 2)
        try good.makeDirectories(folder.path + "/c", failures)
    }

    @Test("a directory that could not be taken away after its flush had failed is not called durable any more")
    func stillInDoubt() throws {
        let folder = TemporaryFolder()
        let (path, failures) = (folder.path + "/a", FlushFailures())
        var bad = InterceptedCalls()
        bad.before = { (call) throws(Errno) in
            if call.name == "fsync" || call.name == "rmdir" { throw .inputOutput }
        }
        #expect(throws: DirectoryFailure.self) { try bad.makeDirectories(path, failures) }
        #expect(folder.exists("a"))
        let good = LinuxCalls()
        for place in [path, path + "/b/c"] {
            let failure = #expect(throws: DirectoryFailure.self) { try good.makeDirectories(place, failures) }
            #expect(failure?.errno == .inputOutput && failure?.path == path)
        }
        let parent = try good.opened(path: folder.path, .directory)
        let raw = parent.raw
        #expect(throws: Errno.inputOutput) { try good.makeDirectory("a", durablyIn: raw, failures) }
        try good.makeDirectories(path, FlushFailures())  // Another process, which has seen no failure.
    }

    @Test("on a disk, whichever flush fails: a directory that was made after all survives a power cut")
    func survives() throws {
        for flush in 0..<3 {
            let (disk, failures) = (SimulatedDisk(), FlushFailures())
            let names = ["a", "b", "c"]
            func make() throws(Errno) {
                var parent = try disk.open(path: SimulatedDisk.rootPath, .directory, mode: 0)
                for name in names {
                    try disk.makeDirectory(name, durablyIn: parent, failures)
                    parent = try disk.open(name, beneath: parent, .directory, mode: 0)
                }
            }
            disk.failFlush(after: flush)
            #expect(throws: Errno.inputOutput) { try make() }
            try make()
            let after = disk.restarted { false }
            let root = try after.open(path: SimulatedDisk.rootPath, .directory, mode: 0)
            _ = try after.open("a/b/c", beneath: root, .directory, mode: 0)
        }
    }

    @Test("a change is in doubt when a flush of its folder failed meanwhile")
    func failedMeanwhile() throws {
        let folder = TemporaryFolder()
        let (good, bad, failures) = (LinuxCalls(), calls(flushing: .inputOutput), FlushFailures())
        let directory = try good.opened(path: folder.path, .directory)
        let raw = directory.raw
        let doubt = #expect(throws: Errno.self) {
            try good.durably(in: raw, failures) { () throws(Errno) in
                try? bad.durably(in: raw, failures) {}
            }
        }
        #expect(doubt == .inputOutput)
        try good.durably(in: raw, failures) {}  // What begins after the failure is covered by its own flush.
    }

    @Test("a link outside of the root whose flush fails is remembered as any other")
    func linking() async throws {
        let (folder, outside) = (TemporaryFolder(), TemporaryFolder())
        let isDue = Monitor(false)
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in
            if call.name == "fsync", isDue.withLock({ $0 }) { throw .inputOutput }
        }
        var options = FileStorageOptions()
        options.calls = calls
        options.flushFailures = FlushFailures()
        let storage = try await FileStorage.open(path: folder.path, options: options)
        _ = try await storage.writeObject(Key("object"), ObjectSource([1]))
        isDue.withLock { $0 = true }
        await #expect(throws: StoreError.self) {
            try await storage.linkObject(Key("object"), toPath: outside.path + "/link")
        }
        #expect(options.flushFailures.mark(try outside.status("").identity) != .found)
        await storage.close()
    }

    @Test("a root below a mount inside of another root is durable by name also when others made its directories")
    func belowMount() async throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/mount/feeds/npm"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let flushes = Counter()
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in
            if call.name == "open", call.subject == "mount" { throw .crossDevice }
            if call.name == "fsync" { _ = flushes.next() }
        }
        var options = FileStorageOptions()
        options.calls = calls
        let storage = try await FileStorage.create(path: path, inside: folder.path, options: options)
        #expect(flushes.value == 3)
        await storage.close()
    }
}
