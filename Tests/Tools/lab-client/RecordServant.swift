import BlobBackends
import BlobStore
import Glibc

/// Does with records what lines on stdin say, one after the other, so that two machines can be told at one moment:
///
///     read KEY            = and the value, or - for none
///     write KEY VALUE     won, lost, or unknown and why; over what this process last read or wrote there, else nothing
///     clock               this machine's monotonic time in nanoseconds
struct RecordServant {
    private let storage: any Storage
    private var known: [String: Record.Expectation] = [:]

    static func open(_ root: String) async throws -> RecordServant {
        RecordServant(storage: try await Backends().create(RootURL(root), inside: nil))
    }

    private init(storage: any Storage) { self.storage = storage }

    mutating func serve() async {
        say("ready")
        while let line = readLine() {
            do { say(try await answer(line.split(separator: " ").map { String($0) })) } catch {
                say("unknown \(error)")
            }
        }
        await storage.close()
    }

    private mutating func answer(_ words: [String]) async throws -> String {
        switch (words.first, words.count) {
        case ("read", 2): try await read(Key(words[1]))
        case ("write", 3): try await write(words[2], at: Key(words[1]))
        case ("clock", 1): "\(monotonicNanoseconds())"
        default: "unknown command"
        }
    }

    private mutating func read(_ key: Key) async throws -> String {
        let record = try await storage.readRecord(key)
        known[key.text] = record.map { .version($0.version) }
        return "=" + (record.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "-")
    }

    private mutating func write(_ value: String, at key: Key) async throws -> String {
        do throws(StoreError) {
            let version = try await storage.writeRecord(
                key, Array(value.utf8), expecting: known[key.text] ?? .absent)
            known[key.text] = .version(version)
            return "won"
        } catch {
            if error.code == .preconditionFailed { return "lost" }
            throw error
        }
    }

    private func monotonicNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
