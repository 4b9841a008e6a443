import BlobStoreTesting
import Synchronization
import Testing

@testable import BlobStore

@Suite("A probe tells a place that keeps its promises from one that does not", .serialized)
struct ProbeTests {
    private static let place = "/memory/place"

    /// What measures fast where something never shows.
    private static let workloads: [any Workload] = ProbeParticipant.workloads.map { workload in
        workload is VisibilityWorkload ? VisibilityWorkload(timeout: .milliseconds(100)) : workload
    }

    /// The same without what waits for things to age.
    private static let fastWorkloads = workloads.filter { !($0 is ClockWorkload) }

    private func probe(
        _ opener: OnePlace, _ workloads: [any Workload] = fastWorkloads,
        _ options: ProbeOperation.Options = ProbeOperation.Options(), _ crew: ProbeOperation.Crew? = nil
    ) async throws -> ProbeReport {
        let tasks: ProbeOperation.Crew = { (all: [ProbeParticipant]) async throws(StoreError) -> Void in
            try await Self.run(all, workloads, opener)
        }
        var operation = ProbeOperation(try RootURL(Self.place), options, with: opener, crew: crew ?? tasks)
        operation.workloads = workloads
        return try await operation.run()
    }

    /// Tasks in the place of processes.
    private static func run(
        _ all: [ProbeParticipant], _ workloads: [any Workload], _ opener: OnePlace
    ) async throws(StoreError) {
        try await concurrently(all.count, all) { (participant: ProbeParticipant) async throws(StoreError) -> Void in
            try await participant.takePart(in: workloads, with: opener)
        }
    }

    @Test("memory is fit for sharing, and nothing is left behind")
    func fit() async throws {
        let opener = OnePlace(MemoryStorage())
        let report = try await probe(opener, Self.workloads)
        #expect(report.isFitForSharing, "\(report.reasons)")
        #expect(report.guarantees.count == 12 && report.guarantees.allSatisfy { $0.holds == true })
        #expect(report.measurements.map(\.name).contains("write-rate"))
        #expect(try await opener.storage.list(ListRequest()).flattened().isEmpty)
    }

    @Test(
        "a flaw is found by the guarantee that it breaks",
        arguments: [
            (Flaw.createOverwrites, "exclusive-create"), (.creatorsCheckFirst, "exclusive-create"),
            (.lastWriterWins, "compare-and-swap"), (.writersCheckFirst, "compare-and-swap"),
            (.staleVersionWins, "compare-and-swap"), (.oldGenerationShows, "visible-replace"),
            (.absenceIsRemembered, "visible-objects"), (.listingDropsAPage, "complete-listing"),
            (.listingGoesByFolder, "ordered-listing"), (.moveCopies, "exclusive-move"),
            (.refreshDoesNothing, "storage-clock"), (.commitWorksOnce, "publication"),
        ])
    func flawed(_ flaw: Flaw, _ guarantee: String) async throws {
        let report = try await probe(
            OnePlace(FlawedStorage(flaw)), flaw == .refreshDoesNothing ? Self.workloads : Self.fastWorkloads)
        #expect(!report.isFitForSharing && report.isCertain)
        #expect(report.guarantees.first { $0.name == guarantee }?.holds == false)
        #expect(report.reasons.contains { $0.hasPrefix(guarantee) }, "\(report.reasons)")
    }

    @Test("two machines find each other by the name they agreed on, see the same, and leave nothing")
    func machines() async throws {
        let opener = OnePlace(MemoryStorage())
        var options = ProbeOperation.Options()
        options.workers = 2
        options.nodes = 2
        options.rendezvous = try NodeName("monday")
        async let one = probe(opener, Self.fastWorkloads, options)
        async let other = probe(opener, Self.fastWorkloads, options)
        let (first, second) = try await (one, other)
        #expect(first.guarantees == second.guarantees && first.isFitForSharing, "\(first.reasons)")
        #expect(first.guarantees.contains { $0.detail.hasPrefix("100 races of 4 processes") })
        #expect(try await opener.storage.list(ListRequest()).flattened().isEmpty)
    }

    @Test("what cannot be measured is told as that, and is neither fit nor certain")
    func unmeasured() async throws {
        let failure = StoreError(.failed, "input/output error")
        let plan = FaultPlan { operation, key, _ in
            operation == .writeRecord && key == "replaced/7.json" ? .before(failure) : nil
        }
        let report = try await probe(OnePlace(FaultStorage(MemoryStorage(), plan: plan)))
        let swap = try #require(report.guarantees.first { $0.name == "compare-and-swap" })
        #expect(swap.holds == nil && swap.detail.contains("input/output error"))
        #expect(!report.isFitForSharing && !report.isCertain)
    }

    @Test("when its processes fail the probe fails, and leaves nothing")
    func failing() async throws {
        let opener = OnePlace(MemoryStorage())
        do {
            _ = try await probe(opener, Self.fastWorkloads, ProbeOperation.Options()) { (_) async throws(StoreError) in
                _ = try await opener.storage.writeObject(try Key("left"), ObjectSource([1]))
                throw StoreError(.failed, "no processes today")
            }
            Issue.record("nothing was thrown")
        } catch let error as StoreError {
            #expect(error.message == "no processes today")
        }
        #expect(try await opener.storage.list(ListRequest()).flattened().isEmpty)
    }

    @Test("a place that does not exist is not made")
    func absent() async throws {
        let opener = OnePlace(MemoryStorage(), exists: false)
        do {
            _ = try await probe(opener)
            Issue.record("nothing was thrown")
        } catch let error as StoreError {
            #expect(error.code == .notFound)
        }
        #expect(!opener.wasCreated)
    }
}

/// Opens the same storage for the place of a probe, whoever asks.
private final class OnePlace: StorageOpener {
    let storage: any Storage
    private let exists: Bool
    private let created = Mutex(false)

    init(_ storage: any Storage, exists: Bool = true) {
        self.storage = storage
        self.exists = exists
    }

    var wasCreated: Bool { created.withLock { $0 } }

    var schemes: StorageSchemes { StorageSchemes([]) }

    func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        guard exists else { throw StoreError(.notFound, "there is nothing at \(url)") }
        return storage
    }

    func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        created.withLock { $0 = true }
        return storage
    }
}
