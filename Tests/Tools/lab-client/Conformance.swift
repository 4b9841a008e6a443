import BlobBackends
import BlobStore
import BlobStoreTesting

/// The conformance suite on a place that is named by a root URL, each check in a folder of its own below it.
struct Conformance {
    private let place: String
    private let options: ConformanceOptions

    init(_ place: String, manyNames: String?) {
        self.place = place
        // A network filesystem's server may tell ages by its own tick.
        options = ConformanceOptions(
            ageResolution: .milliseconds(50), manyNames: manyNames.flatMap { Int($0) } ?? 2_500)
    }

    /// Runs all checks, says which were not kept, and returns the exit code.
    func run() async -> Int32 {
        var failed = 0
        for (number, check) in StorageConformance.checks.enumerated() {
            do { try await check.run(options) { try await open(number) } } catch {
                failed += 1
                say("FAILED \(check): \(error)")
            }
        }
        say("\(StorageConformance.checks.count) checks, \(failed) failed")
        return failed == 0 ? 0 : 1
    }

    private func open(_ number: Int) async throws(StoreError) -> any Storage {
        try await Backends().create(RootURL("\(place)/\(number)"), inside: nil)
    }
}
