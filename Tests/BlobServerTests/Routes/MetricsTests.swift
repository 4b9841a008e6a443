import BlobServer
import BlobStore
import CoreMetrics
import Testing

@Suite("What a node counts")
struct MetricsTests {
    @Test("what the libraries count is told with the rest")
    func metrics() async throws {
        let registry = MetricsRegistry()
        for amount in [2, 3] as [Int64] {
            registry.makeCounter(label: "a", dimensions: [("operation", "x\"y\\")]).increment(by: amount)
            registry.makeTimer(label: "b", dimensions: []).recordNanoseconds(amount * 500_000_000)
        }
        let lines = [
            "# TYPE a_total counter", #"a_total{operation="x\"y\\"} 5"#, "# TYPE b_seconds summary",
            "b_seconds_sum 2.5", "b_seconds_count 2", "",
        ]
        #expect(registry.text == lines.joined(separator: "\n"))
        try await TestNode.with({ $0.metrics = registry }) { node in
            let text = try await node.request("GET", "/metrics").text
            #expect(text.contains("blobstore_node_ready 1\n# TYPE a_total counter\n"))
        }
    }
}
