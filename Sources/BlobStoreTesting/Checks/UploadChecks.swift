import ObjectStorage

extension StorageConformance {
    static let uploads: [Check] = [
        Check("an upload in flight is seen with its size, and not after its end", inFlight),
        Check("an upload that was discarded as stale never claims what is not there", discardedAsStale),
    ]

    static let kinds: [Check] = [
        Check("a record's key is refused wherever an object's is due", recordKeys),
        Check("an object's key is refused wherever a record's is due", objectKeys),
    ]

    private static func inFlight(_ subject: ConformanceSubject) async throws {
        try await subject.expectNoUploads()
        let staged = try await subject.stage(content(2 << 20))
        if subject.options.showsStagedContent {
            var found: [UploadInFlight] = []
            for try await page in subject.other.uploadsInFlight() { found += page }
            try expectEqual(found.count, 1, "the number of uploads in flight")
            for upload in found {
                try expect((0...(2 << 20)).contains(upload.size), "at most 2 MiB", found: "\(upload.size)")
                try expect(upload.age >= .zero, "an age", found: "\(upload.age)")
            }
        }
        try expectEqual(try await subject.names(), [], "the listing meanwhile")
        let key = try Key("object")
        _ = try await staged.commit(key)
        await staged.discard()
        try await subject.expectNoUploads()
        try await subject.expectObject(key, content(2 << 20))
    }

    private static func discardedAsStale(_ subject: ConformanceSubject) async throws {
        let key = try Key("object")
        let bytes = content(2 << 20)
        let staged = try await subject.stage(bytes)
        for try await page in subject.other.uploadsInFlight() {
            for upload in page {
                try await subject.other.discardUpload(upload)
                try await subject.other.discardUpload(upload)
            }
        }
        do {
            _ = try await staged.commit(key)
            try await subject.expectObject(key, bytes)
        } catch is StoreError {
            try await subject.expectNoObject(key)
        }
        await staged.discard()
        // Not before: a file that is open is in sight on SMB until it is closed.
        try await subject.expectNoUploads()
        try expectEqual(try await subject.write(try Key("next"), bytes), .created, "the next write")
    }

    private static func recordKeys(_ subject: ConformanceSubject) async throws {
        let (storage, record, object) = (subject.storage, try Key("folder/record.json"), try Key("object"))
        try await subject.write(object, content(10))
        try await expectError(.invalidKey, from: "statObject") { try await storage.statObject(record) }
        try await expectError(.invalidKey, from: "readObject") { try await storage.withObject(record) { _ in } }
        try await expectError(.invalidKey, from: "writeObject") { try await subject.write(record, content(10)) }
        try await expectError(.invalidKey, from: "refreshObject") {
            try await storage.refreshObject(record, size: 10)
        }
        try await expectError(.invalidKey, from: "moveObject") { try await storage.moveObject(record, to: object) }
        try await expectError(.invalidKey, from: "moveObject to a record") {
            try await storage.moveObject(object, to: record)
        }
        try await expectError(.invalidKey, from: "copyObject") {
            try await storage.copyObject(from: storage, record, to: try Key("copy"))
        }
        try await expectError(.invalidKey, from: "copyObject to a record") {
            try await storage.copyObject(from: storage, object, to: record)
        }
        try await expectError(.invalidKey, from: "removeObject") { try await storage.removeObject(record) }
        let staged = try await subject.stage(content(10))
        do {
            _ = try await staged.commit(record)
            throw ConformanceFailure(expected: "commit to throw invalidKey", found: "success")
        } catch let error as StoreError { try expectEqual(error.code, .invalidKey, "the code of commit") }
        await staged.discard()
        try await subject.expectObject(object, content(10))
        try expectEqual(try await subject.names(), [object.text], "the listing")
    }

    private static func objectKeys(_ subject: ConformanceSubject) async throws {
        let (storage, object, record) = (subject.storage, try Key("folder/object"), try Key("folder/record.json"))
        try await subject.write(object, content(10))
        _ = try await storage.writeRecord(record, content(20), expecting: .absent)
        try await expectError(.invalidKey, from: "writeRecord") {
            try await storage.writeRecord(object, content(10), expecting: .absent)
        }
        try await expectError(.invalidKey, from: "flushRecord") { try await storage.flushRecord(object) }
        try await expectError(.invalidKey, from: "removeRecord") { try await storage.removeRecord(object) }
        let results = await storage.readRecords([object, record])
        try expectEqual(results.count, 2, "the number of results")
        try expectError(.invalidKey, in: results[0], "readRecords of an object")
        try expectSame(try results[1].get()?.bytes ?? [], content(20), "the record beside it")
        try await subject.expectObject(object, content(10))
    }
}
