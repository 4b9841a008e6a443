import BlobStore
import Synchronization

@testable import BlobCluster

/// Nodes on one storage, and everything that can go wrong between them, from a seed.
///
/// Everything runs on the thread that calls ``run()``, in an order that the seed determines.
final class World: Sendable {
    struct Plan: Sendable {
        var nodes = 7
        /// How long things go wrong.
        var troubleSeconds = 180.0
        /// How long there is after that for everything to end well.
        var quietSeconds = 150.0
        var jobs = 4
        /// From one trouble to the next.
        var pauseSeconds = 4.0
        var hasSchedule = true
        /// Whether there is a job that kills each process that does it.
        var hasDeadlyJob = false
        /// Whether schedules come daily, of ten feeds, rather than every few seconds.
        var daily = false
        var flaw: Flaw?
    }

    let timeline: Timeline
    let referee: Referee
    private let plan: Plan
    private let disk: Disk
    private let queue = RunQueue()
    private let all = Mutex<[SimulatedProcess]>([])
    /// Nobody starts any more.
    private let isOver = Atomic(false)

    init(seed: UInt64, _ plan: Plan) {
        self.plan = plan
        timeline = Timeline(seed: seed)
        let referee = Referee(timeline)
        self.referee = referee
        disk = Disk(timeline, flaw: plan.flaw) { referee.see($0, $1, $2) }
    }

    var processes: [SimulatedProcess] { all.withLock { $0 } }
    var requestCount: Int { processes.reduce(0) { $0 + $1.storage.requestCount } }

    /// How many requests all processes have sent by each full hour.
    private let hours = Mutex<[Int]>([])
    /// How many they sent in each hour.
    var requestsByHour: [Int] {
        let hours = hours.withLock { $0 }
        return zip(hours, [0] + hours).map { $0 - $1 }
    }

    /// Runs to the end, or to the first rule that is broken.
    func run() throws {
        for number in 0..<plan.nodes { try start("node-\(number)") }
        if plan.jobs > 0 { try submitJobs() }
        if plan.troubleSeconds > 0 { trouble() }
        count(hour: 1)
        advance(to: .seconds(plan.troubleSeconds))
        heal()
        advance(to: .seconds(plan.troubleSeconds + plan.quietSeconds))
        if referee.violations.isEmpty { judge() }
        clear()
    }

    private func start(_ name: String) throws {
        if isOver.load(ordering: .relaxed) { return }
        let process = try SimulatedProcess(name, disk, timeline, queue, flaw: plan.flaw)
        all.withLock { $0.append(process) }
        var options = ClusterNode.Options(about: NodeRecord.Description(version: "1"))
        if plan.hasSchedule { try schedule(&options, on: process) }
        let runners: [any JobRunner] = [
            CountingRunner(process: process, referee: referee, timeline: timeline, flaw: plan.flaw) { [weak self] in
                self?.replace($0, byForce: true)
            },
            CleanUpRunner(process.storage, timing: options.timing, clock: process.clock),
        ]
        process.startNode(runners, options) { [referee] event in
            guard case .planning(let term) = event else { return }
            if term != nil { referee.plans(process) }
            referee.note("\(name) plans: \(term.map { "term \($0)" } ?? "no more")")
        }
    }

    private func schedule(_ options: inout ClusterNode.Options, on process: SimulatedProcess) throws {
        let day = Duration.seconds(86_400)
        let tick = try Schedule(
            "tick", kind: "count", ["shards": "2", "items": "3"], every: plan.daily ? day : .seconds(30))
        options.schedules = [try Schedule("tidy", kind: "clean-up", every: plan.daily ? day / 4 : .seconds(60))]
        // As rules do, it costs a listing, and a request for each of ten feeds.
        options.rules = { [plan] () async throws(StoreError) in
            for try await page in process.storage.list(ListRequest(KeyPrefix(trusted: "catalog/"))) { _ = page }
            for feed in 0..<10 { _ = try await process.storage.readRecord(Key(trusted: "catalog/feed-\(feed).json")) }
            guard plan.daily else { return [tick] }
            var rules: [Schedule] = []
            for number in 0..<10 {
                let feed = try FeedName("feed-\(number)")
                rules.append(Schedule("count", of: feed, ["shards": "17", "items": "1"], every: day))
            }
            return rules
        }
    }

    /// Whoever asks for jobs has a process of its own, which nothing goes wrong with.
    private func submitJobs() throws {
        let client = try SimulatedProcess("client", disk, timeline, queue, flaw: nil)
        let runner = CountingRunner(process: client, referee: referee, timeline: timeline, flaw: nil)
        let (referee, timeline, plan) = (referee, timeline, plan)
        client.start {
            for number in 0..<plan.jobs {
                try? await client.clock.sleep(client.clock.now() + timeline.time(1...30))
                let arguments = ["shards": "\(1 + number % 5)", "items": "\(4 + number)"]
                let board = JobBoard(client.storage, clock: client.clock)
                if let job = try? await board.submit(runner, arguments, by: "client") { referee.promise(job.id) }
            }
            guard plan.hasDeadlyJob else { return }
            let board = JobBoard(client.storage, clock: client.clock)
            let arguments = ["shards": "2", "items": "3", "deadly": "yes"]
            if let job = try? await board.submit(runner, arguments, by: "client") { referee.promise(job.id) }
        }
    }

    private func count(hour: Int) {
        timeline.at(.seconds(hour * 3_600)) { [self] in
            if isOver.load(ordering: .relaxed) { return }
            hours.withLock { $0.append(requestCount) }
            count(hour: hour + 1)
        }
    }

    private func advance(to end: Duration) {
        queue.drain()
        while referee.violations.isEmpty, timeline.step(until: end) {
            queue.drain()
            referee.check()
        }
    }

    // MARK: What goes wrong

    private func trouble() {
        timeline.after(timeline.time(0.1...plan.pauseSeconds)) { [self] in
            if timeline.now >= .seconds(plan.troubleSeconds) || isOver.load(ordering: .relaxed) { return }
            strike()
            trouble()
        }
    }

    private func strike() {
        let running = processes.filter(\.isRunning)
        guard running.count > 1 else { return }
        // Whoever plans is struck more often than others.
        let holder = running.first(where: \.holdsLease)
        let any = running[Int(timeline.chance() * Double(running.count))]
        let victim = timeline.happens(0.3) ? holder ?? any : any
        switch timeline.chance() {
        case ..<0.3: pause(victim)
        case ..<0.55: cutOff(victim)
        case ..<0.75: disturb(victim)
        case ..<0.9: replace(victim, byForce: true)
        default: replace(victim, byForce: false)
        }
    }

    private func pause(_ victim: SimulatedProcess) {
        let time = timeline.time(0.5...45)
        referee.note("\(victim.name) is paused for \(time)")
        victim.pause()
        timeline.after(time) { victim.resume() }
    }

    private func cutOff(_ victim: SimulatedProcess) {
        let time = timeline.time(1...60)
        referee.note("\(victim.name) is cut off for \(time)")
        victim.storage.setWeather { $0.isConnected = false }
        timeline.after(time) { victim.storage.setWeather { $0.isConnected = true } }
    }

    private func disturb(_ victim: SimulatedProcess) {
        let (time, delay) = (timeline.time(5...60), timeline.time(0.1...3).inSeconds)
        referee.note("\(victim.name) has bad weather for \(time)")
        victim.storage.setWeather { weather in
            weather.loss = 0.3
            weather.delaySeconds = delay
        }
        timeline.after(time) { victim.storage.setWeather { $0 = Weather(isConnected: $0.isConnected) } }
    }

    /// Ends a process, and starts another one under the same name a while later.
    private func replace(_ victim: SimulatedProcess, byForce: Bool) {
        referee.note("\(victim.name) \(byForce ? "is killed" : "stops")")
        if byForce { victim.kill() } else { victim.stop() }
        timeline.after(timeline.time(0...40)) { [self] in
            try? start(victim.name.text)
        }
    }

    // MARK: How it ends

    private func heal() {
        referee.note("nothing goes wrong from now on")
        for process in processes where !process.isOver {
            process.resume()
            process.storage.setWeather { $0 = Weather() }
        }
    }

    private func judge() {
        let holders = processes.filter { !$0.isOver && $0.holdsLease }
        if holders.count != 1 { referee.fail("\(holders.count) nodes hold the lease in the end") }
        if plan.hasDeadlyJob, !referee.hasDeadlyFailure { referee.fail("the deadly job has not failed") }
        for job in referee.unfinishedJobs.sorted() where !job.hasPrefix("t") {
            referee.fail("job \(job) has not ended")
        }
    }

    /// Lets all tasks end, so that nothing is left behind.
    private func clear() {
        isOver.store(true, ordering: .relaxed)
        for process in processes { process.clear() }
        queue.drain()
        while timeline.step(until: timeline.now + .seconds(3_600)) { queue.drain() }
    }
}
