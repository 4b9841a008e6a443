package import ObjectStorage
internal import Synchronization

/// How many requests to one server are under way at once: more while that makes more of them end in a second, and fewer
/// when the server asks to slow down. The rest wait, first come first served.
///
/// *Cost*: a lock for a moment, a few times a request.
package final class RequestLimit: Sendable {
    private let places: AsyncSemaphore
    private let gauge: Mutex<RequestGauge>
    private let now: @Sendable () -> Duration

    /// - Parameter now: a clock that only grows.
    package init(_ gauge: RequestGauge = RequestGauge(), now: @escaping @Sendable () -> Duration) {
        places = AsyncSemaphore(places: gauge.limit, waitingFor: "other requests")
        self.gauge = Mutex(gauge)
        self.now = now
    }

    /// So many may be under way now.
    package var limit: Int { gauge.withLock(\.limit) }

    /// Runs `request` once there is room.
    /// - Throws: `cancelled` while waiting, and what `request` throws.
    package func pass<Value>(_ request: () async throws(StoreError) -> Value) async throws(StoreError) -> Value {
        try await places.pass { () async throws(StoreError) in
            defer { ended() }
            return try await request()
        }
    }

    /// The server refused a request because there are too many.
    package func slowDown() {
        let time = now()
        change { $0.refused(now: time) }
    }

    private func ended() {
        let (time, isContended) = (now(), places.isContended)
        change { gauge in
            if isContended { gauge.isFull = true }
            gauge.ended(now: time)
        }
    }

    /// Under the lock, so that what was decided last is what holds.
    private func change(_ change: (inout RequestGauge) -> Void) {
        gauge.withLock { gauge in
            let before = gauge.limit
            change(&gauge)
            if gauge.limit != before { places.resize(to: gauge.limit) }
        }
    }
}

/// Decides how many requests may be under way, by how many end in a second.
package struct RequestGauge: Sendable {
    package private(set) var limit: Int
    private let least: Int
    private let most: Int
    /// Whether a request had to wait since the rate was last looked at: else more room would change nothing.
    package var isFull = false
    private var ended = 0
    private var began: Duration?
    private var bestRate = 0.0
    private var refusedAt: Duration?

    /// After a refusal, so long none of the others that were under way with it counts.
    private static let refusalsCountOnce = Duration.milliseconds(500)

    package init(limit: Int = 64, least: Int = 4, most: Int = 256) {
        self.limit = limit
        self.least = least
        self.most = most
    }

    /// Notes that a request ended. When as many have as may be under way, their rate is looked at.
    package mutating func ended(now: Duration) {
        guard let began else {
            self.began = now
            return
        }
        ended += 1
        guard ended >= limit, now > began else { return }
        let rate = Double(ended) / ((now - began) / .seconds(1))
        if isFull { judge(rate) }
        ended = 0
        isFull = false
        self.began = now
    }

    private mutating func judge(_ rate: Double) {
        if rate > bestRate * 1.05 {
            bestRate = rate
            limit = min(limit + max(limit / 2, 1), most)
        } else {
            // A rate that falls makes nothing smaller: with fewer under way it would fall further, down to the least.
            // What was best once may be out of reach by now, so that more is tried again some time.
            bestRate *= 0.95
        }
    }

    /// Notes that the server asked to slow down.
    package mutating func refused(now: Duration) {
        if let refusedAt, now - refusedAt < Self.refusalsCountOnce { return }
        refusedAt = now
        limit = max(limit / 2, least)
        bestRate = 0
        ended = 0
        began = now
    }
}
