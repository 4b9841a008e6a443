/// Where those who take part in a probe meet: in the place that is probed, since all of them reach that.
///
/// It relies on two things only: that an object which was written shows in a listing some time, and that it stays.
struct Barrier: Sendable {
    private static let shortestPause = Duration.milliseconds(1)
    private static let longestPause = Duration.milliseconds(20)
    private static let failuresPause = Duration.milliseconds(300)
    private static let failures = "gave-up"

    let storage: any Storage
    /// This participant's name, which nobody else has.
    let me: String
    /// How many there are.
    let count: Int
    /// How long the others are waited for.
    var timeout = Duration.seconds(90)
    /// What it is about: points of that name are its own, and who gives up in it is waited for no longer.
    var subject = "probe"

    /// Waits until all have come to that point.
    /// - Returns: everybody's name, in the same order to all.
    /// - Throws: `unavailable` when somebody does not come; `alreadyExists` when there are too many.
    @discardableResult
    func meet(_ point: String) async throws(StoreError) -> [String] {
        try await arrive(at: point)
        return try await others(at: point, untilThereAre: count)
    }

    /// Says that this one has come to that point, and waits for nobody.
    func arrive(at point: String) async throws(StoreError) {
        let name = try place(of: point).appending(me)
        _ = try await storage.writeObject(name, ObjectSource(Array(me.utf8)))
    }

    /// Tells the others not to wait for this one.
    func giveUp() async throws(StoreError) { try await arrive(at: Self.failures) }

    /// Waits until so many have come to that point.
    func others(at point: String, untilThereAre wanted: Int) async throws(StoreError) -> [String] {
        let clock = ContinuousClock()
        let end = clock.now + timeout
        var pause = Self.shortestPause
        var lookAtFailures = clock.now + Self.failuresPause
        while true {
            let present = try await present(at: point)
            if present.count == wanted { return present }
            guard present.count < wanted else {
                throw StoreError(
                    .alreadyExists,
                    "more than \(wanted) machines take part in this probe; choose another rendezvous, which "
                        + "was not used before")
            }
            if clock.now > lookAtFailures {
                if try await !self.present(at: Self.failures).isEmpty { throw .othersGaveUp }
                lookAtFailures = clock.now + Self.failuresPause
            }
            guard clock.now < end else {
                throw StoreError(
                    .unavailable,
                    "only \(present.count) of the \(wanted) participants in this probe reached "
                        + "\"\(point)\" within \(timeout.components.seconds) s; check that all of them run and see the "
                        + "same place")
            }
            do { try await Task.sleep(for: pause) } catch {
                throw StoreError(.cancelled, "cancelled while waiting for other participants of the probe")
            }
            pause = min(pause * 2, Self.longestPause)
        }
    }

    private func present(at point: String) async throws(StoreError) -> [String] {
        var names: [String] = []
        for try await page in storage.list(ListRequest(try place(of: point), isFlat: true)) {
            for case .key(let key, _) in page { names.append(String(key.name)) }
        }
        return names
    }

    private func place(of point: String) throws(StoreError) -> KeyPrefix {
        try KeyPrefix("meetings/\(subject)-\(point)/")
    }
}

extension StoreError {
    /// It is another's failure that matters.
    fileprivate static var othersGaveUp: StoreError {
        StoreError(.failed, "another process of the probe failed").under(.othersGaveUp)
    }
}
