internal import Synchronization

/// What a node counts of its requests. Labels are the method and the status alone, so that nobody fills the memory.
final class NodeMetrics: Sendable {
    private struct Series: Hashable {
        let method: String
        let status: Int
    }

    private struct State: Sendable {
        var running = 0
        var requests: [Series: Int64] = [:]
        var sentBytes: Int64 = 0
        var broken: Int64 = 0
        var remembered: Int64 = 0
        var buckets = [Int64](repeating: 0, count: NodeMetrics.bounds.count + 1)
        var seconds = 0.0
    }

    private static let bounds = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60]
    private static let methods: Set<String> = ["GET", "HEAD", "PUT", "DELETE", "POST"]
    private let state = Mutex(State())

    func begin() { state.withLock { $0.running += 1 } }

    /// A request that began has ended.
    func end(_ line: AccessLine) { note(line) { $0.running -= 1 } }

    /// A request was answered on the spot.
    func noteRemembered(_ line: AccessLine) { note(line) { $0.remembered += 1 } }

    private func note(_ line: AccessLine, _ more: (inout State) -> Void) {
        let parts = line.duration.components
        let seconds = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
        let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        state.withLock { state in
            more(&state)
            state.requests[Self.series(line.method, line.status), default: 0] += 1
            state.sentBytes += line.bytes
            state.broken += line.failure == nil ? 0 : 1
            state.buckets[bucket] += 1
            state.seconds += seconds
        }
    }

    /// Counts a request that no route saw.
    func noteRefusal(_ status: Int) { state.withLock { $0.requests[Self.series("", status), default: 0] += 1 } }

    private static func series(_ method: String, _ status: Int) -> Series {
        Series(method: methods.contains(method) ? method : "other", status: status)
    }

    /// As Prometheus reads it.
    /// - Source: the text exposition format, version 0.0.4.
    var text: String {
        let state = state.withLock { $0 }
        var lines = ["# TYPE blobstore_http_requests_total counter"]
        for (series, count) in state.requests.sorted(by: {
            ($0.key.method, $0.key.status) < ($1.key.method, $1.key.status)
        }) {
            lines.append(
                "blobstore_http_requests_total{method=\"\(series.method)\",status=\"\(series.status)\"} \(count)")
        }
        lines += [
            "# TYPE blobstore_http_requests_running gauge", "blobstore_http_requests_running \(state.running)",
            "# TYPE blobstore_http_sent_bytes_total counter", "blobstore_http_sent_bytes_total \(state.sentBytes)",
            "# TYPE blobstore_http_remembered_total counter", "blobstore_http_remembered_total \(state.remembered)",
            "# TYPE blobstore_http_broken_total counter", "blobstore_http_broken_total \(state.broken)",
            "# TYPE blobstore_http_duration_seconds histogram",
        ]
        var count: Int64 = 0
        for (index, bucket) in state.buckets.enumerated() {
            count += bucket
            let bound = index < Self.bounds.count ? "\(Self.bounds[index])" : "+Inf"
            lines.append("blobstore_http_duration_seconds_bucket{le=\"\(bound)\"} \(count)")
        }
        lines += [
            "blobstore_http_duration_seconds_sum \(state.seconds)", "blobstore_http_duration_seconds_count \(count)",
        ]
        return lines.joined(separator: "\n") + "\n"
    }
}
