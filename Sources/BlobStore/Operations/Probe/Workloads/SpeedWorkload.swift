/// How fast the place is for one process, while the others wait: measured, and judged by nobody.
struct SpeedWorkload: Workload {
    struct Note: Codable, Sendable {
        var measurements: [ProbeMeasurement] = []
    }

    private static let repetitions = 20
    private static let smallObjects = 64
    private static let smallSizeBytes = 16 << 10
    private static let largeSizeBytes = 64 << 20
    let name = "speed"
    let guarantees: [String] = []

    func takePart(_ barrier: Barrier) async throws(StoreError) -> Note {
        let participants = try await barrier.meet("begin")
        guard participants.first == barrier.me else { return Note() }
        let storage = barrier.storage
        return Note(measurements: [
            try await latency("record-create-latency", storage) { (number) async throws(StoreError) in
                _ = try await storage.create(try Key("speed/\(number).json"), Claim(by: "speed", turn: number))
            },
            try await latency("record-read-latency", storage) { (number) async throws(StoreError) in
                _ = try await storage.readRecord(try Key("speed/\(number).json"))
            },
            try await smallObjects(storage),
            try await largeWrite(storage),
            try await largeRead(storage),
        ])
    }

    /// The median of some, one after the other, in milliseconds.
    private func latency(
        _ name: String, _ storage: any Storage, _ work: (Int) async throws(StoreError) -> Void
    ) async throws(StoreError) -> ProbeMeasurement {
        var times: [Double] = []
        for number in 0..<Self.repetitions {
            times.append(try await time { () async throws(StoreError) in try await work(number) })
        }
        return ProbeMeasurement(name: name, value: times.sorted()[Self.repetitions / 2] * 1_000, unit: "ms")
    }

    private func smallObjects(_ storage: any Storage) async throws(StoreError) -> ProbeMeasurement {
        let sources = (0..<Self.smallObjects).map { ($0, Self.noise(Self.smallSizeBytes)) }
        let seconds = try await time { () async throws(StoreError) in
            try await concurrently(8, sources) { (number, source) async throws(StoreError) in
                _ = try await storage.writeObject(try Key("speed/small-\(number)"), source)
            }
        }
        return ProbeMeasurement(
            name: "small-object-rate", value: Double(Self.smallObjects) / seconds, unit: "objects/s")
    }

    private func largeWrite(_ storage: any Storage) async throws(StoreError) -> ProbeMeasurement {
        let source = Self.noise(Self.largeSizeBytes)
        let seconds = try await time { () async throws(StoreError) in
            _ = try await storage.writeObject(try Self.large, source)
        }
        return ProbeMeasurement(name: "write-rate", value: Double(Self.largeSizeBytes) / 1e6 / seconds, unit: "MB/s")
    }

    private func largeRead(_ storage: any Storage) async throws(StoreError) -> ProbeMeasurement {
        let seconds = try await time { () async throws(StoreError) in
            try await storage.readObject(try Self.large, range: nil) { (content) async throws(StoreError) in
                for try await _ in content.chunks {}
            }
        }
        return ProbeMeasurement(name: "read-rate", value: Double(Self.largeSizeBytes) / 1e6 / seconds, unit: "MB/s")
    }

    private func time(_ work: () async throws(StoreError) -> Void) async throws(StoreError) -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        try await work()
        return max((clock.now - start).inSeconds, 1e-9)
    }

    private static var large: Key {
        get throws(StoreError) { try Key("speed/large") }
    }

    /// Bytes that no server can compress, a chunk at a time, and that it has not seen before.
    private static func noise(_ sizeBytes: Int) -> ObjectSource {
        var generator = SystemRandomNumberGenerator()
        let block = (0..<min(chunkSizeBytes, sizeBytes) / 8).flatMap { _ in
            withUnsafeBytes(of: generator.next()) { Array($0) }
        }
        return ObjectSource(size: Int64(sizeBytes)) { () throws(StoreError) in
            let position = Position()
            return AsyncPull { () throws(StoreError) in
                let start = position.advance(by: block.count, upTo: sizeBytes)
                if start == sizeBytes { return nil }
                var chunk = block
                withUnsafeBytes(of: start) { chunk.replaceSubrange(0..<$0.count, with: $0) }
                return chunk
            }
        }
    }

    func judge(_ notes: [Note]) -> [Guarantee] { [] }

    /// What was measured; nothing where that failed.
    func measurements(
        _ storage: any Storage, _ participants: [String]
    ) async throws(StoreError) -> [ProbeMeasurement] {
        try await notes(of: participants, in: storage).flatMap { $0?.measurements ?? [] }
    }
}

/// How fast a place was found to be.
public struct ProbeMeasurement: Sendable, Equatable, Codable {
    /// What was measured, e.g. `write-rate`.
    public let name: String
    /// The measured value, in `unit`.
    public let value: Double
    /// `ms`, `objects/s` or `MB/s`.
    public let unit: String
}
