import BlobStore
import Synchronization

/// What the simulated storage holds. Each change is shown to a witness before it can be seen.
final class Disk: Sendable {
    private struct State: Sendable {
        var records: [Key: Record] = [:]
        var writtenAt: [Key: Duration] = [:]
        var versions = 0
    }

    /// A change of a record: what was there, and what is there now.
    typealias Witness = @Sendable (_ key: Key, _ before: [UInt8]?, _ after: [UInt8]?) -> Void

    private let state = Mutex(State())
    private let timeline: Timeline
    private let flaw: Flaw?
    private let witness: Witness

    init(_ timeline: Timeline, flaw: Flaw?, witness: @escaping Witness) {
        self.timeline = timeline
        self.flaw = flaw
        self.witness = witness
    }

    func read(_ key: Key) -> Record? { state.withLock { $0.records[key] } }

    func write(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) -> Result<Record.Version, StoreError> {
        let now = timeline.now
        let (before, version): ([UInt8]?, Record.Version?) = state.withLock { state in
            let found = state.records[key]
            let expected: Record.Version? = if case .version(let version) = expecting { version } else { nil }
            if flaw != .writesWithoutComparing, found?.version != expected { return (nil, nil) }
            state.versions += 1
            return (found?.bytes, Record.Version(token: "\(state.versions)"))
        }
        guard let version else { return .failure(StoreError(.preconditionFailed, "another was faster")) }
        if flaw == .losesWrites, key.text.hasPrefix("cluster/jobs/"), timeline.happens(0.1) { return .success(version) }
        state.withLock { state in
            state.records[key] = Record(bytes: bytes, version: version)
            state.writtenAt[key] = now
        }
        witness(key, before, bytes)
        return .success(version)
    }

    func remove(_ key: Key) {
        let before = state.withLock { $0.records.removeValue(forKey: key)?.bytes }
        if before != nil { witness(key, before, nil) }
    }

    func list(_ request: ListRequest) -> [ListEntry] {
        let now = timeline.now
        return state.withLock { state in
            state.records.keys.filter { key in
                request.prefix.contains(key) && request.startAfter.map { $0 < key } ?? true
            }.sorted().map { key in
                let age = now - (state.writtenAt[key] ?? now)
                return .key(key, request.wantsDetails ? ObjectInfo(size: 0, age: age) : nil)
            }
        }
    }
}

/// A rule that is left out, to show that the simulation notices.
enum Flaw: CaseIterable, Sendable {
    /// The storage takes every write, whatever it expects.
    case writesWithoutComparing
    /// The storage says that it wrote a job's record, and did not.
    case losesWrites
    /// A process's clock stands still while the process is paused.
    case clockStopsInPauses
    /// Clocks run up to a third too fast or too slow.
    case clocksRunWild
    /// A runner does not look whether its claim still holds.
    case worksWithoutClaim
    /// A runner says that all is done up to there before it is.
    case notesTooEarly
}
