import ObjectStorage

extension StorageConformance {
    static let listing: [Check] = [
        Check("a listing is in the order of the keys' bytes, with objects and records", order),
        Check("a listing goes on after any key, whether it exists or not", startAfter),
        Check("a flat listing names folders instead of going into them", flat),
        Check("a folder that is empty, or that never was, lists nothing", emptyFolders),
        Check("details tell the size of what is listed", details),
    ]

    static let listingPages: [Check] = [
        Check("a large folder is listed completely, and from any of its names on", manyNames),
        Check("a listing never skips what existed throughout", whileOthersWrite),
        Check("a listing that is left early does no harm", leftEarly),
    ]

    /// Names that sort differently by bytes, by segments and by alphabet.
    private static let odd = [
        "a b/x", "a!b/x", "a-b/x", "a-b/y/z.json", "a-c", "a.b/x", "a.json", "a/b.json", "a/b/x", "a/b/x.json",
        "a/b-/x", "a/b", "a/b0", "a/c/d/e/f", "a0", "a0.json", "ab", "b+/x", "b/x", "z_", "{x}.json", "0", "a/a-b",
    ].filter { $0 != "a/b" }  // A folder and an object cannot share a name on a filesystem.

    private static func fill(_ subject: ConformanceSubject) async throws -> [String] {
        for name in odd.reversed() {
            let key = try Key(name)
            if key.isRecord {
                _ = try await subject.storage.writeRecord(key, content(name.utf8.count), expecting: .absent)
            } else {
                try await subject.write(key, content(name.utf8.count))
            }
        }
        return sorted(odd)
    }

    private static func sorted(_ names: some Sequence<String>) -> [String] {
        names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func order(_ subject: ConformanceSubject) async throws {
        let all = try await fill(subject)
        try expectEqual(try await subject.names(), all, "the whole listing")
        for folder in ["a/", "a-b/", "a b/", "a/b/", "a/c/d/e/", "a-b/y/"] {
            let expected = all.filter { $0.hasPrefix(folder) }
            try expectEqual(try await subject.names(try KeyPrefix(folder)), expected, "the listing of \(folder)")
        }
    }

    private static func startAfter(_ subject: ConformanceSubject) async throws {
        let all = try await fill(subject)
        let between = [
            "!", "a", "a b", "a-", "a-b", "a-b/xx", "a-b/y", "a.b", "a/b", "a/b!", "a/b/w", "a/c/d", "zz", "~",
        ]
        for after in all + between.filter({ $0 != "~" }) {
            let expected = all.filter { after.utf8.lexicographicallyPrecedes($0.utf8) }
            let key = try Key(after)
            try expectEqual(try await subject.names(after: key), expected, "the listing after \(after)")
            let inside = expected.filter { $0.hasPrefix("a/") }
            let found = try await subject.names(try KeyPrefix("a/"), after: key)
            try expectEqual(found, inside, "the listing of a/ after \(after)")
        }
    }

    private static func flat(_ subject: ConformanceSubject) async throws {
        let all = try await fill(subject)
        for folder in ["", "a/", "a/b/", "a/c/d/", "a-b/"] {
            let prefix = try KeyPrefix(folder)
            let level = sorted(Set(all.filter { $0.hasPrefix(folder) }.map { oneLevel($0, below: folder) }))
            try expectEqual(try await subject.names(prefix, isFlat: true), level, "the flat listing of \"\(folder)\"")
            for after in all where after.hasPrefix(folder) {
                // A folder that the key stands in shows if more of it follows, and may show if not.
                let follows = { (name: String) in
                    after.utf8.lexicographicallyPrecedes(name.utf8)
                }
                let needed = sorted(
                    Set(
                        all.filter { $0.hasPrefix(folder) && follows($0) }
                            .map { oneLevel($0, below: folder) }))
                let own = oneLevel(after, below: folder)
                let found = try await subject.names(prefix, after: try Key(after), isFlat: true)
                let isRight = found == needed || (own.hasSuffix("/") && found == [own] + needed)
                try expect(isRight, "\(needed) in \"\(folder)\" after \(after)", found: "\(found)")
            }
        }
    }

    /// The name directly below the folder: of a key, or of the folder that leads to it.
    private static func oneLevel(_ name: String, below folder: String) -> String {
        guard let slash = name.dropFirst(folder.count).firstIndex(of: "/") else { return name }
        return String(name[...slash])
    }

    private static func emptyFolders(_ subject: ConformanceSubject) async throws {
        for folder in ["", "none/", "none/of/these/"] {
            try expectEqual(try await subject.names(try KeyPrefix(folder)), [], "the listing of \"\(folder)\"")
            let flat = try await subject.names(try KeyPrefix(folder), isFlat: true)
            try expectEqual(flat, [], "the flat listing of \"\(folder)\"")
        }
        let key = try Key("folder/deep/object")
        try await subject.write(key, content(1))
        try await subject.storage.removeObject(key)
        try expectEqual(try await subject.names(), [], "the listing after the removal")
        try expectEqual(try await subject.names(key.folder), [], "the listing of the folder after the removal")
    }

    private static func details(_ subject: ConformanceSubject) async throws {
        _ = try await fill(subject)
        for try await page in subject.other.list(ListRequest(wantsDetails: true)) {
            for case .key(let key, let info) in page {
                try expectEqual(info?.size, Int64(key.text.utf8.count), "the size listed for \(key)")
            }
        }
        try expectEqual(try await subject.names(details: true), sorted(odd), "the listing with details")
    }

    private static func manyNames(_ subject: ConformanceSubject) async throws {
        let count = subject.options.manyNames
        let names = sorted((0..<count).map { "many/\($0 * 7_919 % count)-name" })
        try await subject.writeMany(names)
        try expectEqual(try await subject.names().count, count, "the number of names")
        try expectEqual(try await subject.names(), names, "the listing")
        try expectEqual(try await subject.names(try KeyPrefix("many/"), isFlat: true), names, "the flat listing")
        for start in [0, 1, 998, 999, 1_000, 1_001, count / 2, count - 2, count - 1] where start < count {
            let found = try await subject.names(after: try Key(names[start]))
            try expectEqual(found, Array(names[(start + 1)...]), "the listing after \(names[start])")
        }
    }

    private static func whileOthersWrite(_ subject: ConformanceSubject) async throws {
        let steady = sorted((0..<200).map { "busy/steady-\($0)" } + (0..<50).map { "busy/deep-\($0 % 7)/\($0)" })
        try await subject.writeMany(steady)
        let isDone = Signal()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<3 {
                group.addTask {
                    var turn = 0
                    while !isDone.isRaised {
                        let key = try Key("busy/\(turn % 2 == 0 ? "a" : "steady-")\(turn % 40)x\(writer)")
                        _ = try await subject.node(writer).writeObject(key, ObjectSource(content(3)))
                        try await subject.node(writer).removeObject(key)
                        turn += 1
                        await Task.yield()
                    }
                }
            }
            group.addTask {
                defer { isDone.raise() }
                for _ in 0..<12 {
                    let found = try await subject.names(try KeyPrefix("busy/"))
                    try expectEqual(sorted(found), found, "the order of a listing while others write")
                    try expectEqual(Set(found).count, found.count, "the number of different names")
                    let skipped = Set(steady).subtracting(found)
                    try expect(skipped.isEmpty, "no name to be skipped", found: "\(skipped.sorted()) skipped")
                }
            }
            try await group.waitForAll()
        }
    }

    private static func leftEarly(_ subject: ConformanceSubject) async throws {
        let all = try await fill(subject)
        for _ in 0..<3 {
            var pages = subject.storage.list(ListRequest()).makeAsyncIterator()
            let first = try await pages.next()
            try expect(first?.isEmpty == false, "a page", found: "\(String(describing: first))")
        }
        try expectEqual(try await subject.names(), all, "the listing")
    }
}

extension ConformanceSubject {
    /// Writes small objects, several at a time.
    fileprivate func writeMany(_ names: [String]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<8 {
                group.addTask {
                    for index in stride(from: lane, to: names.count, by: 8) {
                        try await write(try Key(names[index]), [1, 2, 3])
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
