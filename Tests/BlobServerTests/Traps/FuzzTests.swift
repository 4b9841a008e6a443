import BlobCluster
import BlobServer
import BlobStore
import FoundationEssentials
import ObjectStorage
import Testing

/// `BLOBSTORE_FUZZ` makes it so many seconds long, `BLOBSTORE_SEED` repeats one.
@Suite("Random bytes")
struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds = environment["BLOBSTORE_FUZZ"].flatMap { Int64($0) }

    @Test("a node that was sent requests with random changes answers the next one, and published nothing")
    func fuzz() async throws {
        let seed = Self.environment["BLOBSTORE_SEED"].flatMap { UInt64($0) } ?? .random(in: .min ... .max)
        print("BlobServerTests.FuzzTests: seed \(seed)")
        try await TestNode.with({ $0.limits.linger = .milliseconds(50) }) { node in
            var random = SplitMix(state: seed)
            let end = ContinuousClock.now + .seconds(Self.seconds ?? 600)
            var rounds = 0
            while ContinuousClock.now < end && (Self.seconds != nil || rounds < 300) {
                rounds += 1
                let bytes = Self.request(&random)
                try await RawSocket.talk(to: node.port) { socket in
                    socket.send(bytes)
                    socket.finish()
                    _ = try socket.rest()
                }
            }
            print("BlobServerTests.FuzzTests: \(rounds) requests")
            #expect(try await node.request("GET", "/health/live").status == 200)
            let paths = try await node.store.feed("npm").paths().flattened()
            #expect(paths.isEmpty)
        }
    }

    private static func request(_ random: inout SplitMix) -> [UInt8] {
        var bytes = Array(
            "PUT /feeds/npm/packages/a%41/b?x=1 HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n0\r\n\r\n"
                .utf8)
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(contentsOf: Array("\r\n :,%/\0".utf8.shuffled(using: &random).prefix(2)), at: place)
            default: bytes.insert(contentsOf: bytes[place..<min(place + 20, bytes.count)], at: place)
            }
        }
        return bytes
    }
}

/// Random numbers from a seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var next = state
        next = (next ^ (next >> 30)) &* 0xBF58_476D_1CE4_E5B9
        next = (next ^ (next >> 27)) &* 0x94D0_49BB_1331_11EB
        return next ^ (next >> 31)
    }
}
