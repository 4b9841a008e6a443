import ObjectStorage

extension StorageConformance {
    static let reading: [Check] = [
        Check("an object of any size is read back as it was written", anySize),
        Check("a part of an object is read, cut at its end", parts),
        Check("chunks are no larger than the pieces that were asked for, whatever is fetched ahead", pieces),
        Check("a part that begins beyond the end is refused", beyondTheEnd),
        Check("what is absent has no size and cannot be read", absent),
        Check("an object's age grows, and is that of its last write", age),
        Check("another node finds at once what it had found absent", freshness),
        Check("the location of a healthy storage is in order") { try await $0.storage.checkLocation() },
    ]

    static let streaming: [Check] = [
        Check("who reads an object need not take all its chunks", partialTaking),
        Check("an error of the reader's own comes out unchanged", readersError),
        Check("an object that is removed while it is read is delivered whole or with an error", removedMeanwhile),
        Check("many readers of one object do not mix their chunks", manyReaders),
    ]

    static let sizes = [0, 1, 1_000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 * (1 << 20) + 7]

    private static func anySize(_ subject: ConformanceSubject) async throws {
        for size in sizes {
            let key = try Key("objects/of-\(size)")
            let bytes = content(size)
            try expectEqual(try await subject.write(key, bytes), .created, "the first write of \(key)")
            try await subject.expectObject(key, bytes)
        }
    }

    private static func parts(_ subject: ConformanceSubject) async throws {
        let mebibyte: Int64 = 1 << 20
        let bytes = content(Int(2 * mebibyte + 9))
        let size = Int64(bytes.count)
        let key = try Key("object")
        try await subject.write(key, bytes)
        let ranges: [Range<Int64>] = [
            0..<0, 0..<1, 0..<size, 5..<5, 7..<1_000, (mebibyte - 1)..<(mebibyte + 1), mebibyte..<(2 * mebibyte),
            (size - 1)..<size, (size - 1)..<(size + 100), 0..<(size + 1), 3..<Int64.max,
        ]
        for range in ranges {
            let cut = range.clamped(to: 0..<size)
            let expected = Array(bytes[Int(cut.lowerBound)..<Int(cut.upperBound)])
            try await subject.storage.withObject(key, range: range) { content in
                try expectEqual(content.info.size, size, "the size told with the range \(range)")
                try expectEqual(content.range, cut, "the range told for \(range)")
                try expectSame(try await content.chunks.allBytes(), expected, "the range \(range)")
            }
        }
        let empty = try Key("empty")
        try await subject.write(empty, [])
        try expectSame(try await subject.read(empty, 0..<10), [], "a part of an empty object")
    }

    private static func pieces(_ subject: ConformanceSubject) async throws {
        let size = 3 << 15 + 5
        let bytes = content(size)
        let key = try Key("object")
        try await subject.write(key, bytes)
        for ahead in [0, 1, 4, 64] {
            let pieces = Pieces(ofBytes: 32 << 10, ahead: ahead)
            for range in [nil, 0..<Int64(size), 7..<70_000, 0..<0] {
                let cut = range ?? 0..<Int64(size)
                try await subject.storage.withObject(key, range: range, in: pieces) { content in
                    var all: [UInt8] = []
                    for try await chunk in content.chunks {
                        try expectEqual(chunk.count <= pieces.sizeBytes, true, "a chunk of \(chunk.count) bytes")
                        all += chunk
                    }
                    let expected = Array(bytes[Int(cut.lowerBound)..<Int(cut.upperBound)])
                    try expectSame(all, expected, "\(ahead) ahead of \(cut)")
                }
            }
        }
    }

    private static func beyondTheEnd(_ subject: ConformanceSubject) async throws {
        let key = try Key("object")
        try await subject.write(key, content(100))
        for range in [Int64(101)..<102, 5_000..<Int64.max, 101..<101] {
            try await expectError(.invalidArgument, from: "reading \(range) of 100 bytes") {
                try await subject.read(key, range)
            }
        }
    }

    private static func absent(_ subject: ConformanceSubject) async throws {
        try await subject.expectNoObject(try Key("nothing"))
        try await subject.expectNoObject(try Key("no/such/folder/here"))
        try await subject.write(try Key("folder/object"), content(10))
        try await subject.expectNoObject(try Key("folder/other"))
    }

    private static func age(_ subject: ConformanceSubject) async throws {
        let (old, young) = (try Key("old"), try Key("young"))
        try await subject.write(old, content(10))
        try await subject.waitUntilAged(old)
        try await subject.write(young, content(10))
        try await subject.expectYounger(young, than: old)
        try await subject.waitUntilAged(young)
        try expectEqual(try await subject.write(old, content(10)), .present, "writing \(old) again")
        try await subject.expectYounger(old, than: young)
    }

    private static func freshness(_ subject: ConformanceSubject) async throws {
        for turn in 0..<3 {
            let (object, record) = (try Key("folder/object-\(turn)"), try Key("folder/record-\(turn).json"))
            try await subject.expectNoObject(object)
            try expect(try await subject.other.readRecord(record) == nil, "no record \(record)", found: "one")
            try await subject.write(object, content(turn))
            try await subject.expectObject(object, content(turn))
            let version = try await subject.storage.writeRecord(record, content(30), expecting: .absent)
            try await subject.expectRecord(record, content(30), version: version)
            let names = try await subject.names(object.folder)
            try expect(names.contains(object.text) && names.contains(record.text), "both names", found: "\(names)")
        }
    }

    private static func partialTaking(_ subject: ConformanceSubject) async throws {
        let key = try Key("object")
        let bytes = content(3 << 20)
        try await subject.write(key, bytes)
        try await subject.storage.withObject(key) { _ in }
        let first = try await subject.storage.withObject(key) { content in
            var chunks = content.chunks.makeAsyncIterator()
            return try await chunks.next() ?? []
        }
        try expectSame(first, Array(bytes.prefix(first.count)), "the first chunk")
        try await subject.expectObject(key, bytes)
    }

    private static func readersError(_ subject: ConformanceSubject) async throws {
        let key = try Key("object")
        try await subject.write(key, content(10))
        for code in [StoreError.Code.digestMismatch, .notFound, .unavailable] {
            var calls = 0
            let outcome = await attempt {
                try await subject.storage.readObject(key, range: nil) { _ throws(StoreError) in
                    calls += 1
                    throw StoreError(code, "the reader's own error")
                }
            }
            guard case .failure(let error as StoreError) = outcome else {
                throw ConformanceFailure(expected: "the reader's error", found: "\(outcome)")
            }
            try expectEqual(error.code, code, "the code of the reader's error")
            try expectEqual(calls, 1, "the number of times that the reader is called")
        }
    }

    private static func removedMeanwhile(_ subject: ConformanceSubject) async throws {
        let key = try Key("object")
        let bytes = content(5 << 20)
        try await subject.write(key, bytes)
        let found = await attempt {
            try await subject.storage.withObject(key) { content in
                var chunks = content.chunks.makeAsyncIterator()
                var found = try await chunks.next() ?? []
                try await subject.other.removeObject(key)
                while let chunk = try await chunks.next() { found += chunk }
                return found
            }
        }
        switch found {
        case .success(let found): try expectSame(found, bytes, "what was delivered as complete")
        case .failure(let error): try expect(error is StoreError, "a StoreError", found: "\(error)")
        }
        try await subject.expectNoObject(key)
    }

    private static func manyReaders(_ subject: ConformanceSubject) async throws {
        let key = try Key("object")
        let bytes = content((2 << 20) + 77)
        try await subject.write(key, bytes)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for reader in 0..<6 {
                group.addTask {
                    let range = Int64(reader * 100_000)..<Int64(bytes.count)
                    let found = try await subject.read(key, range)
                    try expectSame(found, Array(bytes[(reader * 100_000)...]), "what reader \(reader) gets")
                }
            }
            try await group.waitForAll()
        }
    }
}

extension ConformanceSubject {
    /// Waits until the object is so old that what is written now is told to be younger.
    func waitUntilAged(_ key: Key) async throws {
        try await expectSoon("the age of \(key) to grow", within: options.timeout) {
            guard let info = try await storage.statObject(key) else { return false }
            return info.age >= options.ageResolution
        }
    }

    /// Fails unless `key` is younger than `older`; the older one is looked at last, so that time passing cannot
    /// make it fail.
    func expectYounger(_ key: Key, than older: Key) async throws {
        guard let young = try await storage.statObject(key), let old = try await storage.statObject(older) else {
            throw ConformanceFailure(expected: "\(key) and \(older) to be there", found: "that one is absent")
        }
        try expect(young.age < old.age, "\(key) to be younger than \(older)", found: "\(young.age) and \(old.age)")
    }
}
