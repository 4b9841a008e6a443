import BlobHTTP
import BlobStoreTesting
import BlobSystem
import FoundationEssentials
import ObjectStorage
import TestSupport
import Testing

@testable import BlobS3

/// Bounded here. The long form, each test for so many seconds, and the replay of a round that it printed:
///
///     BLOBSTORE_FUZZ=1200 swift test --filter WireFuzzTests
///     BLOBSTORE_SEED=42 swift test --filter WireFuzzTests
@Suite("What comes over the wire, whatever it is")
struct WireFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds = environment["BLOBSTORE_FUZZ"].flatMap { Int64($0) }
    private static let seed = environment["BLOBSTORE_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1 << 40)
    /// A process that ends on a round has told the block that it is in.
    private static let roundsInBlock: UInt64 = 200

    /// Runs rounds, each of which is replayed by its own seed.
    private func rounds(_ name: String, _ count: UInt64, _ body: (UInt64) async throws -> Void) async throws {
        let clock = LinuxCalls()
        let end = clock.timeSinceBoot + .seconds(Self.seconds ?? 0)
        var round: UInt64 = 0
        while round < count || clock.timeSinceBoot < end {
            if round % Self.roundsInBlock == 0 { print("\(name): BLOBSTORE_SEED=\(Self.seed &+ round)") }
            try await body(Self.seed &+ round)
            round += 1
        }
        print("\(name): \(round) rounds")
    }

    @Test("is parsed to something that can be, or refused")
    func parsing() async throws {
        try await rounds("parsing", 400) { seed in
            var mutator = WireMutator(random: SeededGenerator(seed: seed))
            let document = WireCorpus.documents[mutator.number(0..<WireCorpus.documents.count)]
            let field = WireCorpus.fields[mutator.number(0..<WireCorpus.fields.count)]
            expectSense(ofDocument: mutator.mutated(document), "seed \(seed)")
            expectSense(ofField: String(decoding: mutator.mutated(field), as: UTF8.self), "seed \(seed)")
        }
    }

    @Test("ends every operation with a result that can be, or an error")
    func operations() async throws {
        try await rounds("operations", 60) { seed in
            let server = try ScriptedServer { connection in
                var mutator = WireMutator(random: SeededGenerator(seed: seed &+ UInt64(connection.number) &* 1_000_003))
                // It closes after each answer, so that nobody waits for more than was sent.
                guard let (head, _) = connection.readRequest() else { return }
                let answer = WireCorpus.answer(to: head)
                connection.write(mutator.number(0..<3) == 0 ? Array(answer.utf8) : mutator.mutated(answer))
            }
            let session = server.session(budget: RetryBudget(capacity: 6, perSecond: 0), logger: LogLines().logger)
            let storage = S3Storage(session, prefix: "p/", address: "s3://bucket/p", assuming: .proper)
            await operate(storage, "seed \(seed)")
            _ = server
        }
    }
}

// MARK: - What can be

extension WireFuzzTests {
    private func expectSense(ofDocument bytes: [UInt8], _ seed: Comment) {
        if let listing = try? ObjectListingAnswer.parse(bytes) {
            #expect(listing.objects.allSatisfy { !$0.key.isEmpty && $0.size >= 0 }, seed)
            #expect(!listing.isTruncated || listing.nextToken != nil, seed)
            if let names = try? listing.names(below: "p/", in: "") {
                var entries = ListedEntries()
                for name in names { _ = entries.entry(name, AnswerTime(["Date": "Sun, 30 Aug 2015 12:36:00 GMT"])) }
            }
        }
        if let uploads = try? UploadListingAnswer.parse(bytes) {
            #expect(!uploads.isTruncated || uploads.nextKey != nil && uploads.nextID != nil, seed)
        }
        if let deleted = try? DeletionAnswer.parse(bytes) {
            #expect(deleted.failures.allSatisfy { !$0.key.isEmpty && !$0.code.isEmpty }, seed)
        }
        _ = try? UploadCompletedAnswer.parse(bytes)
        _ = try? ObjectCopiedAnswer.parse(bytes)
        _ = try? UploadBegunAnswer.parse(bytes)
        _ = try? PartCopiedAnswer.parse(bytes)
        _ = try? VersioningAnswer.parse(bytes)
        _ = try? ObjectLockAnswer.parse(bytes)
        _ = (try? LifecycleAnswer.parse(bytes))?.threatening("p/")
        for status in [200, 403, 503] {
            let refusal = Refusal(HTTPResponse(HTTPHead(status: status), body: bytes))
            #expect(!StoreError(refusal, at: WireCorpus.address).message.isEmpty, seed)
        }
    }

    private func expectSense(ofField text: String, _ seed: Comment) {
        if let range = ContentRange(text) {
            #expect(range.bytes.lowerBound >= 0 && !range.bytes.isEmpty && range.bytes.upperBound <= range.size, seed)
        }
        for time in [UTCTime(httpDate: text), UTCTime(iso8601: text)] {
            guard let time else { continue }
            #expect(time.compact.hasSuffix("Z"), seed)
            #expect(AnswerTime(["Date": text]).age(of: time) >= .zero, seed)
        }
        if let count = WireNumber.count(text) { #expect(count >= 0, seed) }
        var head = HTTPHead(status: 503)
        for name in WireCorpus.fieldNames { head.headers[name] = text }
        let refusal = Refusal(HTTPResponse(head))
        if let pause = refusal.retryAfter { #expect(pause >= .zero, seed) }
        _ = StoreError(refusal, at: WireCorpus.address, skew: refusal.date?.since(UTCTime(seconds: 0)))
        if let object = try? ObjectHead(head.headers) {
            #expect(object.info.size >= 0 && object.info.age >= .zero, seed)
        }
        let lineage = Lineage(head.headers)
        let token = RecordToken(etag: text, lineage: lineage)
        let next = Lineage(after: RecordToken(token.version))
        if let lineage { #expect(next.outcome(by: lineage, isCreation: false) != .won, seed) }
        _ = RecordToken(Record.Version(token: text))
        _ = ServerCapabilities(text: text, for: WireCorpus.address)
        _ = PercentEncoding.decodeForm(text)
        var attempts = Attempts(RetryPolicy(), isServerKnown: true, now: .zero)
        _ = attempts.pause(retryAfter: refusal.retryAfter, budget: RetryBudget(), now: .zero, random: 1)
    }

    private func operate(_ storage: S3Storage, _ seed: Comment) async {
        let (blob, record) = (Key(trusted: "blobs/a"), Key(trusted: "packages/a.json"))
        await run { if let info = try await storage.statObject(blob) { #expect(info.size >= 0, seed) } }
        for range in [nil, 2..<5, 0..<Int64.max, 9..<10, 20..<40] as [Range<Int64>?] {
            await run {
                let count = try await storage.withObject(blob, range: range) { content in
                    var count = 0
                    for try await chunk in content.chunks { count += chunk.count }
                    #expect(count == Int(content.range.count), seed)
                    return count
                }
                if let range { #expect(Int64(count) <= range.upperBound - range.lowerBound, seed) }
            }
        }
        await run {
            for entry in try await storage.list(ListRequest(wantsDetails: true)).flattened() {
                if case .key(_, let info?) = entry { #expect(info.size >= 0 && info.age >= .zero, seed) }
            }
        }
        await run { _ = try await storage.list(ListRequest(isFlat: true)).flattened() }
        await run { _ = try await storage.uploadsInFlight().flattened() }
        await run { _ = try await storage.readRecord(record) }
        await run { _ = try await storage.writeRecord(record, [1], expecting: .absent) }
        await run { _ = try await storage.writeObject(blob, ObjectSource([1, 2, 3])) }
        await run { _ = try await storage.refreshObject(blob, size: 10) }
        await run {
            for result in try await storage.removeObjects([blob, Key(trusted: "blobs/b")]) { try result.get() }
        }
        await run { try await storage.prepareRemoval(of: blob).run() }
        await run { _ = try await storage.settings() }
    }

    /// Whatever it ends with.
    private func run(_ body: () async throws -> Void) async {
        do { try await body() } catch { #expect(error is StoreError) }
    }
}
