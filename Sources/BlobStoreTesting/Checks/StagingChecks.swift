import ObjectStorage

extension StorageConformance {
    static let staging: [Check] = [
        Check("staged content is invisible until its commit, and whole after it", stagedContent),
        Check("a commit can be repeated, and brings back what was taken away", repeatedCommit),
        Check("a commit where the same stands refreshes it, and is told as present", commitOverTheSame),
        Check("a commit where another size stands is corrupt, and changes nothing", commitOverAnother),
        Check("racing commits of one object all succeed, and it stays whole", racingCommits),
        Check("staged content that is discarded or dropped leaves nothing", dropped),
    ]

    private static func stagedContent(_ subject: ConformanceSubject) async throws {
        for (turn, sizes) in [[], [1], [1 << 20, 1 << 20], [5, 1 << 20, 3, 100_000, 1 << 20, 1]].enumerated() {
            let key = try Key("folder-\(turn)/object")
            let staged = try await subject.storage.stageObject()
            var bytes: [UInt8] = []
            for (part, size) in sizes.enumerated() {
                let chunk = content(size, seed: UInt64(part))
                try await staged.append(chunk)
                bytes += chunk
                try await subject.expectNoObject(key)
            }
            try expectEqual(try await subject.names(key.folder), [], "the listing before the commit")
            try expectEqual(try await staged.commit(key), .created, "the commit")
            try await subject.expectObject(key, bytes)
            await staged.discard()
            try await subject.expectObject(key, bytes)
        }
        try await subject.expectNoUploads()
    }

    private static func repeatedCommit(_ subject: ConformanceSubject) async throws {
        let key = try Key("folder/object")
        let bytes = content((1 << 20) + 3)
        let staged = try await subject.stage(bytes)
        for turn in 0..<3 {
            try expectEqual(try await staged.commit(key), .created, "commit \(turn) where nothing stands")
            try await subject.expectObject(key, bytes)
            try expectEqual(try await staged.commit(key), .present, "another commit")
            try await subject.other.removeObject(key)
            try await subject.expectNoObject(key)
        }
        try expectEqual(try await staged.commit(key), .created, "the last commit")
        await staged.discard()
        try await subject.expectObject(key, bytes)
        try await subject.expectNoUploads()
    }

    private static func commitOverTheSame(_ subject: ConformanceSubject) async throws {
        let (key, witness) = (try Key("object"), try Key("witness"))
        let bytes = content(5_000)
        try await subject.write(key, bytes)
        try await subject.waitUntilAged(key)
        try await subject.write(witness, content(10))
        try await subject.waitUntilAged(witness)
        let staged = try await subject.stage(bytes)
        try expectEqual(try await staged.commit(key), .present, "the commit")
        try await subject.expectYounger(key, than: witness)
        await staged.discard()
        try await subject.expectObject(key, bytes)
        try await subject.expectNoUploads()
    }

    private static func commitOverAnother(_ subject: ConformanceSubject) async throws {
        let (key, free) = (try Key("object"), try Key("free"))
        try await subject.write(key, content(1_000))
        let staged = try await subject.stage(content(1_001))
        // What is staged cannot be captured, so the error is looked at here.
        do {
            let outcome = try await staged.commit(key)
            throw ConformanceFailure(expected: "a commit over another size to throw corrupt", found: "\(outcome)")
        } catch let error as StoreError {
            try expectEqual(error.code, .corrupt, "the code of a commit over another size")
        }
        try await subject.expectObject(key, content(1_000))
        try expectEqual(try await staged.commit(free), .created, "a commit elsewhere after it")
        try await subject.expectObject(free, content(1_001))
        await staged.discard()
        try await subject.expectNoUploads()
    }

    private static func racingCommits(_ subject: ConformanceSubject) async throws {
        let key = try Key("new/folder/object")
        let bytes = content(300_000)
        let outcomes = try await withThrowingTaskGroup(of: CommitOutcome.self) { group in
            for turn in 0..<8 {
                group.addTask {
                    let staged = try await subject.node(turn).stageObject()
                    try await staged.append(bytes)
                    return try await staged.commit(key)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try expect(outcomes.contains(.created), "one commit at least to create it", found: "none")
        try await subject.expectObject(key, bytes)
        try await subject.expectNoUploads()
    }

    private static func dropped(_ subject: ConformanceSubject) async throws {
        let before = try await subject.names()
        let discarded = try await subject.stage(content(2 << 20))
        await discarded.discard()
        try await subject.expectNoUploads()
        try await subject.drop(content(2 << 20))
        try await subject.expectNoUploads()
        try expectEqual(try await subject.names(), before, "the listing")
    }
}

extension ConformanceSubject {
    /// Content that is staged in chunks.
    func stage(_ bytes: [UInt8]) async throws -> StagedObject {
        let staged = try await storage.stageObject()
        for try await chunk in try await ObjectSource(bytes).read() { try await staged.append(chunk) }
        return staged
    }

    /// Stages content and lets it go out of scope.
    fileprivate func drop(_ bytes: [UInt8]) async throws {
        let staged = try await storage.stageObject()
        try await staged.append(bytes)
    }
}
