public import ObjectStorage

/// One client of a record, which reads and writes it by chance and records what it sees.
public struct RegisterClient {
    private let storage: any Storage
    private let key: Key
    private let name: String
    private let history: HistoryRecorder
    /// What this client last knew to be there, perhaps long ago; nil when it knows nothing.
    private var known: (value: String?, expectation: Record.Expectation)? = (nil, .absent)

    /// - Parameter name: different from every other client's of the same record.
    public init(_ storage: any Storage, _ key: Key, name: String, _ history: HistoryRecorder) {
        self.storage = storage
        self.key = key
        self.name = name
        self.history = history
    }

    /// Does so many operations, which the seed chooses.
    public mutating func run(operations: Int, seed: UInt64) async {
        var random = SeededGenerator(seed: seed)
        for number in 0..<operations {
            // A write also with a version that is out of date, which must lose.
            if let known, UInt8.random(in: 0..<5, using: &random) > 1 {
                await write("\(name).\(number)", over: known)
            } else {
                await read()
            }
            for _ in 0..<Int.random(in: 0..<4, using: &random) { await Task.yield() }
        }
    }

    private mutating func read() async {
        var found: (String?, Record.Expectation)?
        await history.record(name, .read) {
            switch await attempt({ try await storage.readRecord(key) }) {
            // What is told as damaged is believed by nobody.
            case .success(let record?) where record.flaw != nil: return .unknown
            case .success(let record?):
                let value = String(decoding: record.bytes, as: UTF8.self)
                found = (value, .version(record.version))
                return .value(value)
            case .success(nil):
                found = (nil, .absent)
                return .value(nil)
            case .failure:
                return .unknown
            }
        }
        known = found
    }

    private mutating func write(_ value: String, over expected: (value: String?, expectation: Record.Expectation)) async
    {
        var version: Record.Version?
        var isLost = false
        await history.record(name, .write(value, expecting: expected.value)) {
            do {
                version = try await storage.writeRecord(key, Array(value.utf8), expecting: expected.expectation)
                return .won
            } catch let error as StoreError where error.code == .preconditionFailed {
                isLost = true
                return .lost
            } catch { return .unknown }
        }
        if let version {
            known = (value, .version(version))
        } else if !isLost || value.utf8.reduce(0, { $0 &+ $1 }) % 3 > 0 {
            // Now and then a loser goes on with what it knew.
            known = nil
        }
    }
}
