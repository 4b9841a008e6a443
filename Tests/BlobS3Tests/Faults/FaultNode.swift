import BlobStoreTesting
import ObjectStorage
import Synchronization
import TestSupport

@testable import BlobS3

/// One node of a campaign: works on objects of its own, and remembers what it was told.
struct FaultNode: Sendable {
    let number: Int
    private(set) var presences: [Key: FaultCampaign.Presence] = [:]
    private(set) var tally = FaultCampaign.Tally()
    /// A promise that was broken while it worked.
    private(set) var flaw: String?
    private let storage: S3Storage
    private let proxy: FaultProxy
    private var random: SeededGenerator

    init(_ storage: S3Storage, _ proxy: FaultProxy, number: Int, seed: UInt64) {
        self.storage = storage
        self.proxy = proxy
        self.number = number
        random = SeededGenerator(seed: seed)
    }

    mutating func run(operations: Int) async {
        for _ in 0..<operations where flaw == nil {
            do {
                try await step()
                tally.successes += 1
            } catch let error as StoreError {
                tally.errors[error.code, default: 0] += 1
            } catch { flaw = "an error without a type: \(error)" }
        }
    }

    private mutating func step() async throws {
        // The largest comes up less often, so that most of the time goes into variety.
        var name = Int.random(in: 0..<8, using: &random)
        if name == 7 { name = Int.random(in: 0..<8, using: &random) }
        let key = try Key("o/\(number)-\(name)")
        switch Int.random(in: 0..<12, using: &random) {
        case 0...3: try await write(key)
        case 4: try await stage(key)
        case 5, 6: try await readBack(key)
        case 7: try await look(key)
        case 8: try await refresh(key)
        case 9: try await remove(key)
        case 10: try await move(key)
        default: try await copy(key)
        }
    }

    private mutating func write(_ key: Key) async throws {
        if presences[key] != .present { presences[key] = .unknown }
        _ = try await storage.writeObject(key, ObjectSource(Self.content(key)))
        presences[key] = .present
    }

    private mutating func stage(_ key: Key) async throws {
        if presences[key] != .present { presences[key] = .unknown }
        try await Self.commit(key, to: storage)
        presences[key] = .present
    }

    private static func commit(_ key: Key, to storage: S3Storage) async throws(StoreError) {
        let staged = try await storage.stageObject()
        try await staged.append(content(key))
        _ = try await staged.commit(key)
    }

    private mutating func readBack(_ key: Key) async throws {
        do {
            let bytes = try await Self.read(key, from: storage)
            // An object that is read is hashed above the storage.
            if !bytes.isSame(as: Self.content(key)), !proxy.hasAltered("/\(key)") {
                flaw = "\(key) was read with \(bytes.count) bytes that are not its own"
            }
            if presences[key] ?? .absent == .absent { flaw = "\(key) was read, and was never written or was removed" }
        } catch let error as StoreError where error.code == .notFound {
            if presences[key] == .present { flaw = "\(key) was reported as written and was not found" }
        }
    }

    private mutating func look(_ key: Key) async throws {
        let found = try await storage.statObject(key)
        if found == nil, presences[key] == .present { flaw = "\(key) was reported as written and has no status" }
        if let found, found.size != Self.content(key).count { flaw = "\(key) has another size: \(found.size)" }
    }

    private mutating func refresh(_ key: Key) async throws {
        let isThere = try await storage.refreshObject(key, size: Int64(Self.content(key).count))
        if !isThere, presences[key] == .present { flaw = "\(key) was reported as written and could not be refreshed" }
    }

    private mutating func remove(_ key: Key) async throws {
        presences[key] = .unknown
        try await storage.removeObject(key)
        presences[key] = .absent
    }

    /// Its bytes are the destination's too: what is moved or copied has a name that says whose they are.
    private mutating func move(_ key: Key) async throws {
        let destination = try Key("\(key.text).moved-\(Int.random(in: 0..<1_000_000, using: &random))")
        let before = presences[key] ?? .absent
        presences[key] = .unknown
        presences[destination] = .unknown
        do throws(StoreError) {
            try await storage.moveObject(key, to: destination)
            presences[key] = .absent
            presences[destination] = .present
        } catch {
            guard error.code == .notFound, before == .absent else { throw error }
            presences[key] = .absent
            presences[destination] = .absent
        }
    }

    private mutating func copy(_ key: Key) async throws {
        let destination = try Key("\(key.text).copy-\(Int.random(in: 0..<1_000_000, using: &random))")
        presences[destination] = .unknown
        do throws(StoreError) {
            _ = try await storage.copyObject(from: storage, key, to: destination)
            presences[destination] = .present
        } catch {
            guard error.code == .notFound else { throw error }
            if presences[key] == .present { flaw = "\(key) was reported as written and was not found to copy" }
        }
    }

    static func read(_ key: Key, from storage: S3Storage) async throws -> [UInt8] {
        try await storage.withObject(key) { content in
            var bytes: [UInt8] = []
            for try await chunk in content.chunks { bytes += chunk }
            return bytes
        }
    }

    /// The bytes that a key determines: mostly few, some times none, and now and then enough for several parts.
    static func content(_ key: Key) -> [UInt8] {
        let origin = String(key.text.prefix { $0 != "." })
        if let made = contents.withLock({ $0[origin] }) { return made }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in origin.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var random = SeededGenerator(seed: hash)
        let size =
            switch origin.utf8.last {
            case UInt8(ascii: "0"): 0
            case UInt8(ascii: "7"): (8 << 20) + Int(hash % 3_000_000)
            case UInt8(ascii: "6"): (1 << 20) + Int(hash % 1_000_000)
            default: Int(hash % 50_000)
            }
        var bytes = (0..<min(size, 10_007)).map { _ in UInt8.random(in: 0...255, using: &random) }
        while bytes.count < size { bytes += bytes.prefix(size - bytes.count) }
        contents.withLock { [bytes] in $0[origin] = bytes }
        return bytes
    }

    /// Made once: the objects are few, and their names the same in every campaign.
    private static let contents = Mutex<[String: [UInt8]]>([:])
}
