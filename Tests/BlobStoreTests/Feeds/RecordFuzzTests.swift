import BlobStoreTesting
import FoundationEssentials
import Testing

@testable import BlobStore

/// Bytes of every kind of record, altered at random: each is read, or refused by one error, and never ends the process.
///
/// `BLOBSTORE_FUZZ_ROUNDS` sets how many for each kind, and `BLOBSTORE_SEED` replays a seed that was printed.
@Suite struct RecordFuzzTests {
    private let rounds = ProcessInfo.processInfo.environment["BLOBSTORE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 2_000
    private let seed =
        ProcessInfo.processInfo.environment["BLOBSTORE_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...UInt64.max)

    /// What is hard on whoever reads numbers, names and times.
    private static let pieces = [
        "9223372036854775807", "-9223372036854775808", "18446744073709551615", "1e400", "-0", "0.5", "null", "true",
        "[]", "{}", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"9999-12-31T23:59:59Z\"",
        "\"292277026596-12-04T15:30:07Z\"",
        "\"sha256:\"", "\"../../x\"", "\"a//b\"", "{\"format\":1", "\u{FEFF}", "\"state\":\"none\"", ",", ":", "\\",
    ]

    private func mutate(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var next = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) where !next.isEmpty {
            let start = Int.random(in: 0..<next.count, using: &random)
            let end = min(next.count, start + Int.random(in: 0...12, using: &random))
            switch Int.random(in: 0..<4, using: &random) {
            case 0: next[start] = UInt8.random(in: 0...255, using: &random)
            case 1: next.removeSubrange(start..<end)
            case 2:
                next.replaceSubrange(start..<end, with: Array((Self.pieces.randomElement(using: &random) ?? "").utf8))
            default: next = replaceNumber(in: next, &random)
            }
        }
        return next
    }

    /// Puts another value where a number, a literal or a string stands, so that the JSON mostly stays well formed.
    private func replaceNumber(in bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        let colons = bytes.indices.filter { bytes[$0] == UInt8(ascii: ":") }
        guard let colon = colons.randomElement(using: &random) else { return bytes }
        let end = bytes[(colon + 1)...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? bytes.count
        var next = bytes
        next.replaceSubrange(colon + 1..<end, with: Array((Self.pieces.randomElement(using: &random) ?? "").utf8))
        return next
    }

    /// - Parameter use: what the store does with such a body, and what must be safe with whatever was read.
    private func fuzz<Body: DocumentBody>(
        _ body: Body, _ random: inout SeededGenerator, _ use: (Body) throws -> Void = { _ in }
    ) throws {
        let sound = try Document(body).successor(body).bytes()
        var read = 0
        for _ in 0..<rounds {
            let bytes = mutate(sound, &random)
            do throws(StoreError) {
                let document = try Document<Body>(bytes: bytes)
                read += 1
                do { try use(document.body) } catch {}
                _ = try document.successor(document.body).bytes()
            } catch {
                #expect([.corrupt, .unknownFormat, .invalidArgument].contains(error.code), "seed \(seed): \(error)")
            }
        }
        #expect(read > 0, "seed \(seed): nothing was read, so nothing was tried")
    }

    @Test("whatever bytes a record has, it is read or refused by one error")
    func records() throws {
        print("records are altered from the seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let digest = try Digest(of: [1, 2, 3])
        let act = PackageRecord.Act(at: .now, by: "alice")
        let content = PackageContent(
            ContentHasher.Summary(digest: digest, size: 3, extras: [:]), contentType: "a/b", annotations: ["c": "d"])
        let package = PackageRecord(try PackagePath("Left-Pad/1.tgz"), content: content, by: act).deleted(
            act, revision: "r")
        try fuzz(package, &random) { body in
            var sum = body.size
            sum.add(stated: body.size)
            _ = (body.references, body.path.key, body.restored(act, revision: "s"), body.published.description)
        }
        try fuzz(FeedRecord(FeedName("npm"), id: "i", root: RootURL("/mnt/x"), FeedPolicy()), &random) { body in
            var next = body
            next.change(to: .migrating, root: body.root, id: body.id)
            _ = Duration.seconds(body.graceSeconds) * 2
        }
        try fuzz(RootMarker(.feed, feed: FeedName("npm")), &random) { _ = $0.owner }
        try fuzz(CollectionMarker(digest, .condemned), &random)
        try fuzz(LeaseRecord.sample, &random) { body in
            var next = body
            next.term += 1
            next.renewals += 1
        }
        try fuzz(CheckLedger(verified: ["000": .now, "fff": .now], digests: ["000": "x"]), &random) { body in
            _ = body.known(by: .now).merged(body, without: ["000"])
        }
    }

    @Test("whatever name stands among the packages, it is a path or it is refused")
    func keys() throws {
        print("keys are altered from the seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let sound = Array("packages/!left-pad/%c3%a9/1.tgz.json".utf8)
        for _ in 0..<rounds {
            guard let text = String(validating: mutate(sound, &random), as: UTF8.self), let key = try? Key(text) else {
                continue
            }
            if let path = try? PackagePath(of: key) { #expect(path.key == key, "seed \(seed): \(text)") }
            _ = (key.folder, key.name, FeedLayout.digest(ofSetAside: key))
        }
    }
}

extension LeaseRecord {
    fileprivate static var sample: LeaseRecord {
        LeaseRecord(
            name: "work", holder: Holder(node: "a", process: "b"), term: 1, renewals: 2, seconds: 3, since: .now)
    }
}
