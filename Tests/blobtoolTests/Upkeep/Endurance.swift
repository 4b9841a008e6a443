import BlobStore
import BlobStoreTesting
import FoundationEssentials
import Glibc

/// How hard the tests of whole processes try. `BLOBSTORE_ENDURANCE=<seconds>` makes them go on for that long, and
/// `BLOBSTORE_SEED=<number>` repeats the choices of an earlier run.
enum Endurance {
    static let seconds = number("BLOBSTORE_ENDURANCE")

    /// The seed, printed so that it can be given again.
    static func generator(_ test: String) -> SeededGenerator {
        let seed = number("BLOBSTORE_SEED").map(UInt64.init) ?? UInt64.random(in: 0..<1_000_000)
        print("\(test): BLOBSTORE_SEED=\(seed)")
        return SeededGenerator(seed: seed)
    }

    private static func number(_ name: String) -> Int? {
        getenv(name).flatMap { Int(String(cString: $0)) }
    }
}
