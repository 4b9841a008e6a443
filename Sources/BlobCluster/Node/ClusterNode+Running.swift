extension ClusterNode {
    /// Takes part until the task is cancelled. Then it hands its shards back, gives the lease back, and leaves the
    /// registry.
    /// - Throws: `alreadyExists` when another process runs under this node's name: at once where that gives signs of
    ///   life, else when it turns up.
    /// - Cost: per hour, while there is nothing to do: 360 heartbeats, 360 looks for jobs, 120 looks at the secrets,
    ///   and 1,800 looks at the lease; for the planner instead 1,200 renewals, 360 listings and a request a node for
    ///   each, and every ten minutes a listing and a request a feed for the rules.
    public func run() async throws(StoreError) {
        let registration = try await NodeRegistration.register(
            node, description(), in: storage, timing: options.timing, clock: clock)
        let result = await work(as: registration)
        // Where that fails, the others take it for dead in a while.
        try? await uncancelled { () async throws(StoreError) in try await registration.leave() }
        try result.get()
    }

    private func work(as registration: NodeRegistration) async -> Result<Void, StoreError> {
        let place = JobPlace(
            storage: storage, node: node, process: registration.process, timing: options.timing, clock: clock)
        let worker = JobWorker(place, runners, places: options.shards, tracker: work) { [self] event in
            switch event {
            case .began: noteShards(1)
            case .ended: noteShards(-1)
            default: break
            }
            report(event)
        }
        return await withTaskGroup(of: StoreError?.self) { group in
            group.addTask { await self.beat(registration) }
            group.addTask {
                await self.planAgainAndAgain()
                return nil
            }
            group.addTask {
                await worker.run()
                return nil
            }
            // The heartbeat alone ends by itself: when another process has the name.
            let error = await group.first { $0 != nil } ?? nil
            group.cancelAll()
            await group.waitForAll()
            return error.map { .failure($0) } ?? .success(())
        }
    }

    /// Gives signs of life until the task is cancelled.
    /// - Returns: why this process may not go on; nil where it was cancelled.
    private func beat(_ registration: NodeRegistration) async -> StoreError? {
        var secretsReadAt = clock.now()
        while !Task.isCancelled {
            let next = clock.now() + options.timing.heartbeat
            do throws(StoreError) {
                if clock.now() - secretsReadAt >= options.timing.secretsLook {
                    secretsReadAt = clock.now()
                    try await secrets.refresh()
                }
            } catch { report(.trouble("read the shared secrets", error)) }
            do throws(StoreError) {
                let sent = clock.now()
                noteBeat(try await registration.beat(description()), at: sent)
            } catch {
                if error.code == .alreadyExists { return error }
                report(.trouble("give a sign of life", error))
            }
            do { try await clock.sleep(next) } catch { return nil }
        }
        return nil
    }

    private func planAgainAndAgain() async {
        while !Task.isCancelled {
            do throws(StoreError) {
                let lease = try await Lease.wait(
                    for: Self.plannerLease, of: storage, node: node, length: options.timing.leaseLength,
                    look: options.timing.leaseLook, clock: clock, watching: { see($0) })
                hold(lease)
                defer { hold(nil) }
                try await lease.hold { () async throws(StoreError) in try await self.plan(under: lease) }
            } catch {
                if error.code == .cancelled { continue }
                report(.trouble("plan", error))
                try? await clock.pause(about: options.timing.leaseLook, for: "the lease")
            }
        }
    }

    private func plan(under lease: Lease) async throws(StoreError) {
        let planner = Planner(storage, runners: runners, clock: clock, report: report)
        var memory = Planner.Memory()
        while true {
            do throws(StoreError) {
                let nodes = try await registry.nodes()
                try lease.check()
                _ = try await secrets.promote(ifKnownTo: nodes)
                await refreshRules(&memory)
                try await planner.round(options.schedules + memory.rules, under: lease, &memory)
            } catch {
                if error.code == .cancelled { throw error }
                report(.trouble("plan", error))
            }
            try await clock.pause(until: clock.now() + options.timing.heartbeat, for: "the next round")
        }
    }

    /// Looks the feeds' rules up where that is due; where it fails, those that are known hold.
    private func refreshRules(_ memory: inout Planner.Memory) async {
        let now = clock.now()
        if let readAt = memory.rulesReadAt, now - readAt < options.timing.rulesLook { return }
        do throws(StoreError) {
            memory.rules = try await options.rules()
            memory.rulesReadAt = now
        } catch { report(.trouble("read the rules of the feeds", error)) }
    }
}
