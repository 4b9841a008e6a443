import ObjectStorage

extension StorageConformance {
    static let writing: [Check] = [
        Check("writing the same object again is harmless and told as present", again),
        Check("an object of another size is corrupt, and is left as it is", otherSize),
        Check("racing writers of one object all succeed, and readers see all of it or nothing", racingWriters),
        Check("refreshing makes an object young, and nothing else", refreshing),
    ]

    static let failedWriting: [Check] = [
        Check("content that fails midway leaves nothing", failingSource),
        Check("content that is shorter or longer than said leaves nothing", lyingSource),
        Check("a cancelled write leaves nothing, or all of it where it says so", cancelled),
    ]

    private static func again(_ subject: ConformanceSubject) async throws {
        for size in [0, 10, (1 << 20) + 5] {
            let key = try Key("objects/\(size)")
            let bytes = content(size)
            try expectEqual(try await subject.write(key, bytes), .created, "the first write")
            try expectEqual(try await subject.write(key, bytes), .present, "the second write")
            let byOther = try await subject.other.writeObject(key, ObjectSource(bytes))
            try expectEqual(byOther, .present, "another node's write")
            try await subject.expectObject(key, bytes)
        }
        try await subject.expectNoUploads()
    }

    private static func otherSize(_ subject: ConformanceSubject) async throws {
        let key = try Key("object")
        let bytes = content(1_000)
        try await subject.write(key, bytes)
        for size in [0, 999, 1_001, 3 << 20] {
            try await expectError(.corrupt, from: "writing \(size) bytes over 1,000") {
                try await subject.write(key, content(size))
            }
            try await subject.expectObject(key, bytes)
        }
        try await subject.expectNoUploads()
    }

    private static func racingWriters(_ subject: ConformanceSubject) async throws {
        let key = try Key("folder/object")
        let bytes = content((1 << 20) + 100)
        let outcomes = try await withThrowingTaskGroup(of: CommitOutcome?.self) { group in
            for turn in 0..<8 {
                group.addTask { try await subject.node(turn).writeObject(key, ObjectSource(bytes)) }
                group.addTask {
                    if try await subject.node(turn).statObject(key) != nil {
                        try expectSame(try await subject.read(key), bytes, "what a reader sees meanwhile")
                    }
                    return nil
                }
            }
            var outcomes: [CommitOutcome] = []
            for try await case let outcome? in group { outcomes.append(outcome) }
            return outcomes
        }
        try expectEqual(outcomes.count, 8, "the number of successes")
        try expect(outcomes.contains(.created), "one writer at least to be told that it created it", found: "none")
        try await subject.expectObject(key, bytes)
        try expectEqual(try await subject.names(), [key.text], "the listing")
        try await subject.expectNoUploads()
    }

    private static func refreshing(_ subject: ConformanceSubject) async throws {
        let (key, witness) = (try Key("object"), try Key("witness"))
        let isThere = try await subject.storage.refreshObject(key, size: 10)
        try expectEqual(isThere, false, "refreshing what is absent")
        try await subject.expectNoObject(key)
        try await subject.write(key, content(10))
        try await subject.waitUntilAged(key)
        try await subject.write(witness, content(20))
        try expectEqual(try await subject.storage.refreshObject(key, size: 11), false, "refreshing another size")
        try await subject.expectYounger(witness, than: key)
        try await subject.waitUntilAged(witness)
        try expectEqual(try await subject.storage.refreshObject(key, size: 10), true, "refreshing what is there")
        try await subject.expectYounger(key, than: witness)
        try await subject.expectObject(key, content(10))
    }

    private static func failingSource(_ subject: ConformanceSubject) async throws {
        for (turn, delivered) in [0, 1, 2].enumerated() {
            let key = try Key("folder/object-\(turn)")
            let source = source(of: 3 << 20, chunks: delivered) { _ throws(StoreError) in
                throw StoreError(.sourceFailed, "the source was made to fail")
            }
            try await expectError(.sourceFailed, from: "a source that fails after \(delivered) chunks") {
                try await subject.storage.writeObject(key, source)
            }
            try await subject.expectNoObject(key)
            try expectEqual(try await subject.write(key, content(3 << 20)), .created, "the next try")
        }
        try await subject.expectNoUploads()
    }

    private static func lyingSource(_ subject: ConformanceSubject) async throws {
        for (turn, said) in [1_000, (3 << 20) - 1, (3 << 20) + 1, 4 << 20].enumerated() {
            let key = try Key("object-\(turn)")
            let source = ObjectSource(size: Int64(said), read: ObjectSource(content(3 << 20)).read)
            try await expectError(.sourceFailed, from: "\(3 << 20) bytes that were said to be \(said)") {
                try await subject.storage.writeObject(key, source)
            }
            try await subject.expectNoObject(key)
        }
        try await subject.expectNoUploads()
    }

    private static func cancelled(_ subject: ConformanceSubject) async throws {
        let key = try Key("object")
        let bytes = content(3 << 20)
        let begun = Signal()
        let source = source(of: bytes.count, chunks: 1) { chunk throws(StoreError) in
            begun.raise()
            // Goes on only when it was cancelled, as if nothing had happened.
            await Signal().wait()
            return chunk
        }
        let outcome = await cancelledOnce(begun) { try await subject.storage.writeObject(key, source) }
        switch outcome {
        case .success: try await subject.expectObject(key, bytes)
        case .failure(let error):
            let code = (error as? StoreError)?.code
            try expect(code == .cancelled || code == .sourceFailed, "`cancelled`", found: "\(error)")
            try await subject.expectNoObject(key)
        }
        try await subject.expectNoUploads()
    }

    /// Does the work in a task that is cancelled once the signal is raised.
    private static func cancelledOnce<Value: Sendable>(
        _ begun: Signal, _ work: @escaping @Sendable () async throws -> Value
    ) async -> Result<Value, any Error> {
        await withTaskGroup(of: Result<Value, any Error>?.self) { group in
            group.addTask { await attempt(work) }
            group.addTask {
                await begun.wait()
                return nil
            }
            // The first to end is who waits for the signal, or work that fails before it.
            var outcome: Result<Value, any Error>?
            for await ended in group {
                outcome = ended ?? outcome
                group.cancelAll()
            }
            return outcome ?? .failure(CancellationError())
        }
    }

    /// A source of `content(size)`: after so many chunks, each further one passes through `then`.
    private static func source(
        of size: Int, chunks count: Int,
        then: @escaping @Sendable ([UInt8]?) async throws(StoreError) -> [UInt8]?
    ) -> ObjectSource {
        let whole = ObjectSource(content(size))
        return ObjectSource(size: Int64(size)) { () async throws(StoreError) in
            let next = try await whole.read().puller()
            let passed = Counter()
            return AsyncPull { () async throws(StoreError) in
                let chunk = try await next()
                return passed.next() < count ? chunk : try await then(chunk)
            }
        }
    }
}
