import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

@Suite("Writing on condition") struct ConditionTests {
    private static let path = "a"

    private func publish(_ text: String, in feed: Feed, if condition: Condition?) async throws -> Published {
        try await feed.publish(
            ObjectSource(Array(text.utf8)), at: PackagePath(Self.path), if: condition, PublicationDetails(by: "alice"))
    }

    @Test("absent: what is published is neither replaced nor said to be the same, and what is deleted is absent")
    func absent() async throws {
        let feed = try await Bench().feed("m", FeedPolicy(mutable: true))
        #expect(try await publish("one", in: feed, if: .absent).outcome == .created)
        for text in ["one", "two"] {
            await expectError(.preconditionFailed) { try await publish(text, in: feed, if: .absent) }
        }
        #expect(try await feed.text(at: Self.path) == "one")
        try await feed.remove(PackagePath(Self.path), by: "bob")
        #expect(try await publish("two", in: feed, if: .absent).outcome == .created)
    }

    @Test("a revision or a digest: only the state that was read is replaced, and a publication tells the next revision")
    func present() async throws {
        let feed = try await Bench().feed("m", FeedPolicy(mutable: true))
        let path = try PackagePath(Self.path)
        for condition in [Condition.revision("x"), .digest(try Digest(of: [1]))] {
            await expectError(.preconditionFailed) { try await publish("one", in: feed, if: condition) }
        }
        #expect(try await feed.listing().isEmpty)
        let one = try await publish("one", in: feed, if: nil)
        let read = try #require(try await feed.package(at: path))
        #expect(one.revision == read.revision)
        let two = try await publish("two", in: feed, if: .revision(read.revision))
        #expect(two.outcome == .replaced)
        await expectError(.preconditionFailed) { try await publish("three", in: feed, if: .revision(read.revision)) }
        await expectError(.preconditionFailed) { try await publish("three", in: feed, if: .digest(one.digest)) }
        let three = try await publish("three", in: feed, if: .digest(two.digest))
        #expect(try await publish("three", in: feed, if: .digest(three.digest)).revision == three.revision)
        #expect(try await feed.log(path).first?.revision == three.revision)
    }

    @Test("a condition that is not met is told before the content is read")
    func early() async throws {
        let feed = try await Bench().feed("m", FeedPolicy(mutable: true))
        _ = try await publish("one", in: feed, if: nil)
        let source = ObjectSource(size: 3) { () throws(StoreError) in
            throw StoreError(.sourceFailed, "it was read")
        }
        await expectError(.preconditionFailed) {
            try await feed.publish(
                source, at: PackagePath(Self.path), if: .absent, PublicationDetails(by: "alice"))
        }
    }

    @Test("a deletion on condition takes away only what it names, and is not met by what is deleted or never was")
    func remove() async throws {
        let feed = try await Bench().feed("m", FeedPolicy(mutable: true))
        let path = try PackagePath(Self.path)
        await expectError(.preconditionFailed) { try await feed.remove(path, if: .revision("x"), by: "bob") }
        let one = try await publish("one", in: feed, if: nil)
        let two = try await publish("two", in: feed, if: nil)
        await expectError(.preconditionFailed) { try await feed.remove(path, if: .digest(one.digest), by: "bob") }
        let revision = try #require(two.revision)
        #expect(try await feed.remove(path, if: .revision(revision), by: "bob"))
        await expectError(.preconditionFailed) { try await feed.remove(path, if: .digest(two.digest), by: "bob") }
        #expect(try await !feed.remove(path, by: "bob"), "it is deleted already, by the same person in the same second")
        #expect(try await !feed.remove(path, by: "carol"), "it is deleted already")
    }

    @Test("of racing writers with the same condition one wins, on every kind of storage", arguments: [false, true])
    func race(onBuckets: Bool) async throws {
        let bench = try await Bench(onBuckets: onBuckets)
        let feed = try await bench.feed("m", FeedPolicy(mutable: true))
        var condition = Condition.absent
        for round in 0..<3 {
            let wanted = condition
            let outcomes = await withTaskGroup(of: Result<Published, StoreError>.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        do throws(StoreError) {
                            let source = ObjectSource(Array("\(round) \(number)".utf8))
                            return .success(
                                try await feed.publish(
                                    source, at: PackagePath("a"), if: wanted, PublicationDetails(by: "r")))
                        } catch {
                            return .failure(error)
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let winners = outcomes.compactMap { try? $0.get() }
            #expect(winners.count == 1)
            for case .failure(let error) in outcomes { #expect(error.code == .preconditionFailed, "\(error)") }
            condition = .revision(try #require(winners.first?.revision))
        }
    }

    @Test("what a publication wrote itself, before the feed moved under it, meets its condition")
    func repeated() async throws {
        for condition in [Condition.absent, .digest(try Digest(of: Array("one".utf8)))] {
            let bench = try await Bench()
            let setUp = try await bench.feed("m", FeedPolicy(mutable: true))
            if condition != .absent { _ = try await publish("one", in: setUp, if: nil) }
            let target = try RootURL("/memory/next")
            let base = try #require(bench.opener[bench.url])
            // The epoch is read after the record was written: the second time in a publication.
            let mover = try await bench.reopened(as: "mover")
            let counted = MemoryOpener()
            let plan = FaultPlan { operation, key, occurrence in
                guard operation == .readRecords, key == "catalog/m.json" else { return nil }
                return .late {
                    guard (try? await mover.feed("m").text(at: Self.path)) == "two" else { return }
                    let moved = try? await mover.feed("m").record().root
                    if moved != nil { return }
                    _ = try? await MigrateOperation(mover.feed("m"), .init(by: "mover")) { _ in }.run(to: target)
                    if let next = bench.opener[target] { counted.replace(target, with: next) }
                }
            }
            counted.replace(bench.url, with: FaultStorage(base, plan: plan))
            let place = bench.url.appending(Catalog.place(try FeedName("m")))
            counted.replace(place, with: bench.opener[place])
            let store = try await PackageStore.open(bench.url, node: NodeName("publisher"), with: counted)
            let feed = try await store.feed("m")
            let done = try await publish("two", in: feed, if: condition)
            #expect(try await mover.feed("m").record().root == target)
            #expect(try await mover.feed("m").text(at: Self.path) == "two")
            #expect(done.revision != nil)
        }
    }

    @Test("a garbled record meets no condition, and is rewritten by who has none")
    func garbled() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("m", FeedPolicy(mutable: true))
        _ = try await publish("one", in: feed, if: nil)
        try await bench.storage(feed).garble(PackagePath(Self.path).key)
        for condition in [Condition.absent, .revision("x")] {
            await expectError(.preconditionFailed) { try await publish("one", in: feed, if: condition) }
            await expectError(.preconditionFailed) {
                try await feed.remove(PackagePath(Self.path), if: condition, by: "bob")
            }
        }
        #expect(try await publish("one", in: feed, if: nil).outcome == .healed)
    }
}
