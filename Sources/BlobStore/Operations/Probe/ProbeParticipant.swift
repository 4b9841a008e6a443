/// One of those who take part in a probe: a process of its own, on this machine or another.
public struct ProbeParticipant: Sendable, Equatable {
    /// The folder that the probe has to itself.
    public let place: RootURL
    /// Its own name.
    public let name: String
    /// How many take part.
    public let count: Int

    /// A participant of that name among `count`.
    public init(place: RootURL, name: String, count: Int) {
        self.place = place
        self.name = name
        self.count = count
    }

    /// In the order in which they are run and told.
    static let workloads: [any Workload] = [
        CreationWorkload(), ReplacementWorkload(), VisibilityWorkload(), ListingWorkload(), MoveWorkload(),
        PublicationWorkload(), NameWorkload(), ClockWorkload(), SpeedWorkload(),
    ]

    /// Does this participant's part in all that is measured, and leaves notes for who judges.
    /// - Throws: what stands in the way of taking part at all; `cancelled`.
    /// - Cost: some hundred requests, half a minute at most where the place is sound, some MiB of memory.
    public func takePart(with opener: any StorageOpener) async throws(StoreError) {
        try await takePart(in: Self.workloads, with: opener)
    }

    func takePart(in workloads: [any Workload], with opener: any StorageOpener) async throws(StoreError) {
        let storage = try await opener.open(place)
        do throws(StoreError) {
            let barrier = Barrier(storage: storage, me: name, count: count)
            try await barrier.meet("all")
            for workload in workloads { try await workload.run(barrier) }
        } catch {
            await storage.close()
            throw error
        }
        await storage.close()
    }
}
