import BlobFS
import BlobStoreTesting
import BlobSystem
import FoundationEssentials
import ObjectStorage
import TestSupport
import Testing

@Suite("Listings are in key order and complete")
struct ListingTests {
    private func keys(_ storage: FileStorage, _ request: ListRequest = ListRequest()) async throws -> [String] {
        var found: [String] = []
        for try await page in storage.list(request) {
            for case .key(let key, _) in page { found.append(key.text) }
        }
        return found
    }

    @Test("random trees of odd names, from any place on", arguments: TemporaryFolder.places, 0..<4)
    func order(_ place: String, _ turn: Int) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let folder = TemporaryFolder(in: place)
        let storage = try await folder.open()
        var written: Set<String> = []
        let letters = Array("ab-.!0 (zz'")
        for _ in 0..<150 {
            let depth = Int.random(in: 1...4, using: &generator)
            let path =
                (0..<depth).map { _ in
                    String(
                        (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                            letters.randomElement(using: &generator) ?? "a"
                        })
                }.joined(separator: "/") + (Bool.random(using: &generator) ? ".json" : "")
            guard let key = try? Key(path),
                !written.contains(where: { $0.hasPrefix(path + "/") || path.hasPrefix($0 + "/") })
            else { continue }
            if key.isRecord {
                for round in 0..<Int.random(in: 1...3, using: &generator) {
                    let old = try await storage.readRecord(key)
                    _ = try await storage.writeRecord(
                        key, [UInt8(round)], expecting: old.map { .version($0.version) } ?? .absent)
                }
            } else {
                _ = try await storage.writeObject(key, ObjectSource([1]))
            }
            written.insert(path)
        }
        let sorted = written.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(try await keys(storage) == sorted, "seed \(seed)")
        #expect(try await keys(storage, ListRequest(wantsDetails: true)) == sorted, "seed \(seed)")
        for _ in 0..<20 {
            guard let start = sorted.randomElement(using: &generator) else { break }
            let rest = Array(sorted.drop { !start.utf8.lexicographicallyPrecedes($0.utf8) })
            #expect(
                try await keys(storage, ListRequest(startAfter: Key(start))) == rest, "after \(start), seed \(seed)")
        }
        await storage.close()
    }

    @Test("a folder of 120,000 names")
    func manyNames() async throws {
        let folder = TemporaryFolder(in: "/dev/shm")
        let storage = try await folder.open()
        try FileManager.default.createDirectory(atPath: folder.path + "/many", withIntermediateDirectories: false)
        let padding = String(repeating: "x", count: 200)
        for number in 0..<120_000 { try folder.touch("many/\(padding)\(number)") }
        // 24 MiB of names: more than are kept at a time.
        let found = try await keys(storage)
        #expect(found.count == 120_000)
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        await storage.close()
    }

    @Test("names that are no keys are named as foreign, and not gone into")
    func foreign() async throws {
        let folder = TemporaryFolder()
        for name in ["Upper", "tilde~x", ".hidden", "bad\"quote"] { try folder.touch(name) }
        for name in ["Folder/inside", "deep.json/inside", "good/.nfs0001", "good/fine"] {
            let parent = String(name.prefix(while: { $0 != "/" }))
            try? FileManager.default.createDirectory(
                atPath: folder.path + "/" + parent, withIntermediateDirectories: false)
            try folder.touch(name)
        }
        let storage = try await folder.open()
        var found: [ListEntry] = []
        for try await page in storage.list(ListRequest()) { found += page }
        let files = found.compactMap { if case .foreign(let path, .name) = $0 { path } else { nil } }
        #expect(Set(files) == [".hidden", "Upper", "bad\"quote", "tilde~x"])
        let folders = found.compactMap { if case .foreign(let path, .folder) = $0 { path } else { nil } }
        #expect(Set(folders) == ["Folder", "deep.json"])
        #expect(try await keys(storage) == ["good/fine"])
        await storage.close()
    }

    @Test("what desktops, NAS boxes, editors and filesystems leave is told as litter, and not gone into")
    func litter() async throws {
        let folder = TemporaryFolder()
        let litter = [
            ".DS_Store", "Thumbs.db", "._a.json", "a.json~", "$RECYCLE.BIN", "@eaDir", "lost+found", "#recycle",
        ]
        for name in litter.prefix(4) { try folder.touch(name) }
        for name in litter.dropFirst(4) {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/" + name, withIntermediateDirectories: false)
            try folder.touch(name + "/inside.json")
        }
        let storage = try await folder.open()
        _ = try await storage.writeRecord(Key("a.json"), Array("{}".utf8), expecting: .absent)
        // Elsewhere somebody may have stored it.
        _ = try await storage.writeObject(Key("deep/lost+found/desktop.ini"), ObjectSource([1]))
        for isFlat in [false, true] {
            var found: [String] = []
            for try await page in storage.list(ListRequest(isFlat: isFlat)) {
                found += page.compactMap { if case .foreign(let path, .litter) = $0 { path } else { nil } }
            }
            #expect(found.sorted() == litter.sorted())
        }
        #expect(try await keys(storage) == ["a.json", "deep/lost+found/desktop.ini"])
        #expect(
            try await storage.readRecord(Key("a.json"))?.bytes == Array("{}".utf8), "what stands beside it is a file")
        await storage.close()
    }

    @Test("a folder that cannot be read is told and passed by where that is asked for")
    func passed() async throws {
        let folder = TemporaryFolder(in: "/dev/shm")
        let clean = try await folder.open()
        for name in ["a/object", "b/object", "c/object"] {
            _ = try await clean.writeObject(Key(name), ObjectSource([1]))
        }
        for errno in [Errno.accessDenied, .inputOutput] {
            var calls = InterceptedCalls()
            calls.before = { (made) throws(Errno) in if made.name == "open" && made.subject == "b" { throw errno } }
            let storage = try await folder.open(calls)
            var found: [String] = []
            for try await page in storage.list(ListRequest(passesUnreadable: true)) {
                for entry in page {
                    switch entry {
                    case .key(let key, _): found.append(key.text)
                    case .unreadable(let folder, _): found.append("unreadable \(folder)")
                    default: Issue.record("\(entry)")
                    }
                }
            }
            #expect(found == ["a/object", "unreadable b/", "c/object"])
            await storage.close()
        }
        await clean.close()
    }

    @Test("a folder that cannot be read is an error, never an early end")
    func unreadable() async throws {
        let folder = TemporaryFolder(in: "/dev/shm")
        let clean = try await folder.open()
        for name in ["a/object", "b/object", "c/object"] {
            _ = try await clean.writeObject(Key(name), ObjectSource([1]))
        }
        for call in ["open", "getdents64"] {
            var calls = InterceptedCalls()
            let count = Counter()
            calls.before = { (made) throws(Errno) in
                if made.name == call, call == "getdents64" ? count.next() == 3 : made.subject == "b" {
                    throw .inputOutput
                }
            }
            let storage = try await folder.open(calls)
            count.reset()
            await #expect(throws: StoreError.self) { try await keys(storage) }
            await storage.close()
        }
        await clean.close()
    }
}
