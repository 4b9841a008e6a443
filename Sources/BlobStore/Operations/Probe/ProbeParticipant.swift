/// One of those who take part in a probe: a process of its own, on this machine or another.
public struct ProbeParticipant: Sendable, Equatable {
    /// The folder that the probe has to itself.
    public let place: RootURL
    /// Its own name.
    public let name: String
    /// How many take part.
    public let count: Int

    public init(place: RootURL, name: String, count: Int) {
        self.place = place
        self.name = name
        self.count = count
    }

    /// In the order in which they are run and told.
    static let contests: [any Contest] = [
        CreationContest(), ReplacementContest(), VisibilityContest(), ListingContest(), MoveContest(), NameTrial(),
        ClockTrial(), SpeedTrial(),
    ]

    /// Does this participant's part in all that is measured, and leaves notes for who judges.
    /// - Throws: what stands in the way of taking part at all; `cancelled`.
    /// - Cost: some hundred requests, half a minute at most where the place is sound, some MiB of memory.
    public func takePart(with opener: any StorageOpener) async throws(StoreError) {
        try await takePart(in: Self.contests, with: opener)
    }

    func takePart(in contests: [any Contest], with opener: any StorageOpener) async throws(StoreError) {
        let storage = try await opener.open(place)
        do throws(StoreError) {
            let rendezvous = Rendezvous(storage: storage, me: name, count: count)
            try await rendezvous.meet("all")
            for contest in contests { try await contest.run(rendezvous) }
        } catch {
            await storage.close()
            throw error
        }
        await storage.close()
    }
}
