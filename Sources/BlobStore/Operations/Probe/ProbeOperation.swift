internal import FoundationEssentials

/// Measures what a mount or a bucket really promises, under contention from several processes, on one machine or
/// on several.
///
/// *Guarantees*: it writes below a folder of its own alone, and leaves nothing behind, whatever fails; what it could
/// not remove is named in the error. What a probe left that was killed goes first.
/// - Throws: `notFound`, `permissionDenied` and what else stands in the way of measuring; what the place lacks is told
///   in the report.
public struct ProbeOperation: Sendable {
    /// Who takes part.
    public struct Options: Sendable {
        /// Processes on this machine.
        public var workers = 4
        /// Machines, each of which runs as many.
        public var nodes = 1
        /// What the machines agreed on, so that they find each other; needed where there are several.
        public var rendezvous: NodeName?

        /// Four processes on this machine alone.
        public init() {}
    }

    /// Runs participants, each in a process of its own, and waits for them.
    public typealias Crew = @Sendable ([ProbeParticipant]) async throws(StoreError) -> Void

    private let url: RootURL
    private let options: Options
    private let opener: any StorageOpener
    private let crew: Crew
    private let report: @Sendable (WorkProgress) -> Void
    /// What is measured, by who takes part and by who judges.
    var workloads = ProbeParticipant.workloads
    /// This machine's name in this probe.
    private let me: String

    /// - Parameter opener: one that opens places which are not fit for sharing, too.
    public init(
        _ url: RootURL, _ options: Options, with opener: any StorageOpener, crew: @escaping Crew,
        _ report: @escaping @Sendable (WorkProgress) -> Void = { _ in }
    ) {
        self.url = url
        self.options = options
        self.opener = opener
        self.crew = crew
        self.report = report
        me = "n" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
    }

    /// Measures the place.
    /// - Throws: what stands in the way of measuring; what the place lacks is told in the report.
    /// - Cost: half a minute; some hundred requests a process.
    public func run() async throws(StoreError) -> ProbeReport {
        try await expectPlace()
        try await ProbeLeftovers(url: url, opener: opener).clear { (storage) async throws(StoreError) in
            try await clear(storage)
        }
        let place = try ProbeLeftovers.place(options.rendezvous?.text ?? me, at: url)
        // Who is stopped while the folder is made has to know it, to remove it.
        let storage = try await uncancelled { () async throws(StoreError) in
            try await self.opener.create(place, inside: self.url)
        }
        let result: Result<ProbeReport, StoreError>
        do throws(StoreError) {
            try await ProbeLeftovers.sign(storage)
            result = .success(try await measure(place, storage))
        } catch {
            result = .failure(error)
        }
        report(WorkProgress("removing what was written"))
        do throws(StoreError) {
            try await uncancelled { () async throws(StoreError) in try await self.leave(storage, result) }
        } catch {
            // What was measured, or why not, is worth more than that something was left.
            guard case .success(var found) = result else { return try result.get() }
            found.advice.append("the probe could not remove everything that it wrote below \(place): \(error.message)")
            return found
        }
        return try result.get()
    }

    /// A directory that is missing is not made only to be measured.
    private func expectPlace() async throws(StoreError) {
        try await opener.open(url).close()
    }

    private func measure(_ place: RootURL, _ storage: any Storage) async throws(StoreError) -> ProbeReport {
        let count = options.workers * options.nodes
        report(WorkProgress("waiting for other machines"))
        let nodes = Barrier(storage: storage, me: me, count: options.nodes)
        try await nodes.meet("nodes")
        report(WorkProgress("measuring with \(count) processes"))
        let mine = (0..<options.workers).map { ProbeParticipant(place: place, name: "\(me)-\($0)", count: count) }
        try await crew(mine)
        // Other machines' processes may not have ended yet.
        var patient = nodes
        patient.timeout = .seconds(300)
        try await patient.meet("measured")
        let all = Barrier(storage: storage, me: me, count: count)
        var found = try await judge(storage, try await all.others(at: "all", untilThereAre: count))
        report(WorkProgress("examining the place"))
        if let examined = try await storage.capability((any ExaminedStorage).self) {
            found.add(try await examined.examine())
        }
        found.advice += storage.capabilities.advice
        return found
    }

    private func judge(_ storage: any Storage, _ participants: [String]) async throws(StoreError) -> ProbeReport {
        var found = ProbeReport()
        for workload in workloads {
            found.guarantees += try await workload.verdict(storage, participants)
            guard let speed = workload as? SpeedWorkload else { continue }
            found.measurements = try await speed.measurements(storage, participants)
        }
        return found
    }

    /// Of several machines the first clears up, after all have read what they came for. After a failure each does,
    /// since nobody knows who is left.
    private func leave(_ storage: any Storage, _ result: Result<ProbeReport, StoreError>) async throws(StoreError) {
        if case .success = result, options.nodes > 1 {
            let nodes = Barrier(storage: storage, me: me, count: options.nodes)
            let everybody = try await nodes.meet("judged")
            guard everybody.first == me else {
                try await nodes.arrive(at: "left")
                return await storage.close()
            }
            _ = try await nodes.others(at: "left", untilThereAre: options.nodes - 1)
        }
        try await clear(storage)
    }

    private func clear(_ storage: any Storage) async throws(StoreError) {
        for upload in try await storage.uploadsInFlight().flattened() { try await storage.discardUpload(upload) }
        if let swept = try await storage.capability((any SweptStorage).self) {
            try await swept.sweep()
        } else {
            try await removeAll(storage)
        }
        try await storage.capability((any ExaminedStorage).self)?.dismantle()
        await storage.close()
    }

    private func removeAll(_ storage: any Storage) async throws(StoreError) {
        for try await page in storage.list(ListRequest()) {
            var (objects, records): ([Key], [Key]) = ([], [])
            for case .key(let key, _) in page { if key.isRecord { records.append(key) } else { objects.append(key) } }
            // Who was stopped has little time.
            try await concurrently(32, records) { (key) async throws(StoreError) in
                try await storage.removeRecord(key)
            }
            for result in try await storage.removeObjects(objects) { try result.get() }
        }
    }
}

extension ProbeReport {
    fileprivate mutating func add(_ examination: Examination) {
        place = examination.place
        guarantees += examination.guarantees
        advice += examination.advice
    }
}
