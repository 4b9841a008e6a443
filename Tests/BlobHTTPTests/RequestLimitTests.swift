import BlobHTTP
import ObjectStorage
import Synchronization
import Testing

@Suite("How many requests are under way")
struct RequestLimitTests {
    /// Lets so many requests end in so much time, as full as can be.
    private func rounds(_ count: Int, _ gauge: inout RequestGauge, perSecond rate: (Int) -> Double, from: inout Double)
    {
        for _ in 0..<count {
            let (limit, step) = (gauge.limit, 1 / rate(gauge.limit))
            for _ in 0...limit {
                gauge.isFull = true
                from += step
                gauge.ended(now: .seconds(from))
            }
        }
    }

    @Test("more while that makes more of them end, up to a bound")
    func grows() {
        var (gauge, time) = (RequestGauge(limit: 8, most: 200), 0.0)
        rounds(20, &gauge, perSecond: { Double($0) * 40 }, from: &time)
        #expect(gauge.limit == 200)
        var (slow, later) = (RequestGauge(limit: 8, most: 200), 0.0)
        rounds(5, &slow, perSecond: { Double(min($0, 20)) * 40 }, from: &later)
        #expect((12...60).contains(slow.limit), "\(slow.limit)")
    }

    @Test("not fewer when they end more slowly, which fewer would make worse")
    func slower() {
        var (gauge, time) = (RequestGauge(limit: 64), 0.0)
        rounds(1, &gauge, perSecond: { Double($0) * 400 }, from: &time)
        rounds(30, &gauge, perSecond: { Double($0) * 4 }, from: &time)
        #expect(gauge.limit >= 64)
    }

    @Test("not more where none has to wait")
    func idle() {
        var gauge = RequestGauge(limit: 8)
        for number in 0..<1_000 { gauge.ended(now: .milliseconds(number)) }
        #expect(gauge.limit == 8)
    }

    @Test("half as many when the server asks to slow down, once for all that were under way, and never none")
    func refused() {
        var gauge = RequestGauge(limit: 64, least: 4)
        for number in 0..<50 { gauge.refused(now: .milliseconds(number)) }
        #expect(gauge.limit == 32)
        for number in 1..<20 { gauge.refused(now: .seconds(number)) }
        #expect(gauge.limit == 4)
    }

    @Test("never more than there is room for, and each gets its turn")
    func passes() async throws {
        let limit = RequestLimit(RequestGauge(limit: 3, most: 3)) { .zero }
        let state = Mutex((running: 0, most: 0, done: 0))
        try await concurrently(50, 0..<200) { _ async throws(StoreError) in
            try await limit.pass { () async throws(StoreError) in
                state.withLock {
                    $0.running += 1
                    $0.most = max($0.most, $0.running)
                }
                await Task.yield()
                state.withLock {
                    $0.running -= 1
                    $0.done += 1
                }
            }
        }
        #expect(state.withLock { $0.most } <= 3)
        #expect(state.withLock { $0.done } == 200)
    }

    @Test("who waits gets in when more may be in, and not while more are in than may be")
    func resized() async throws {
        let places = AsyncSemaphore(places: 2)
        try await places.enter()
        try await places.enter()
        places.resize(to: 1)
        let waiter = Task { try await places.enter() }
        while !places.isContended { await Task.yield() }
        places.leave()
        #expect(places.isContended)
        places.resize(to: 2)
        try await waiter.value
        #expect(!places.isContended)
    }
}
