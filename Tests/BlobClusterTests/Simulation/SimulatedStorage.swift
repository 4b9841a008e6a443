import BlobStore
import Synchronization

/// What can go wrong between a process and the storage.
struct Weather: Sendable {
    /// The process reaches the storage.
    var isConnected = true
    /// Requests that get lost on their way, and answers.
    var loss = 0.0
    /// How long a request or an answer takes, at most.
    var delaySeconds = 0.05
}

/// A storage as one process sees it: through a network that delays and loses. It has records and listings, and nothing
/// else.
final class SimulatedStorage: Storage {
    private static let timeout = Duration.seconds(20)

    let address = "simulation:"
    let capabilities = Capabilities(sharedWriters: true, atomicMove: true, copyWithoutBytes: false)
    private let disk: Disk
    private let timeline: Timeline
    private let weather: Mutex<Weather>
    private let requests = Atomic(0)
    /// Answers at once, with an error: the process is over.
    private let isClosed = Atomic(false)

    init(_ disk: Disk, _ timeline: Timeline) {
        self.disk = disk
        self.timeline = timeline
        weather = Mutex(Weather())
    }

    /// How many requests were sent.
    var requestCount: Int { requests.load(ordering: .relaxed) }

    func setWeather(_ change: (inout Weather) -> Void) { weather.withLock { change(&$0) } }
    func shut() { isClosed.store(true, ordering: .relaxed) }

    /// Sends a request; it takes effect when it arrives, however long the process has given up by then.
    /// - Parameter lost: what the process learns when no answer comes.
    private func request<Value: Sendable>(
        _ count: Int = 1, lost: StoreError.Code, _ effect: @escaping @Sendable () -> Result<Value, StoreError>
    ) async throws(StoreError) -> Value {
        if isClosed.load(ordering: .relaxed) { throw StoreError(.unavailable, "the process is over") }
        requests.add(count, ordering: .relaxed)
        let result: Result<Value, StoreError> = await withUnsafeContinuation { continuation in
            let answer = OneAnswer(continuation)
            timeline.after(Self.timeout) { answer.give(.failure(StoreError(lost, "no answer within 20 s"))) }
            guard passes() else { return }
            timeline.after(delay()) { [self] in
                guard passes() else { return }
                let result = effect()
                guard passes() else { return }
                timeline.after(delay()) { answer.give(result) }
            }
        }
        return try result.get()
    }

    private func passes() -> Bool {
        let weather = weather.withLock { $0 }
        return weather.isConnected && !timeline.happens(weather.loss)
    }

    /// Mostly short; now and then longer than anybody waits.
    private func delay() -> Duration {
        let weather = weather.withLock { $0 }
        return timeline.time(0.001...weather.delaySeconds) * (timeline.happens(weather.loss / 4) ? 30 : 1)
    }

    func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        if keys.isEmpty { return [] }
        do throws(StoreError) {
            return try await request(keys.count, lost: .unavailable) { [disk] in
                .success(keys.map { .success(disk.read($0)) })
            }
        } catch { return keys.map { _ in .failure(error) } }
    }

    func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        try await request(lost: .outcomeUnknown) { [disk] in disk.write(key, bytes, expecting: expecting) }
    }

    func flushRecord(_ key: Key) async throws(StoreError) {}

    func removeRecord(_ key: Key) async throws(StoreError) {
        try await request(lost: .unavailable) { [disk] in .success(disk.remove(key)) }
    }

    func list(_ request: ListRequest) -> AsyncPull<[ListEntry]> {
        let isDone = Mutex(false)
        return AsyncPull { [self] () async throws(StoreError) in
            if isDone.withLock({ isDone in
                defer { isDone = true }
                return isDone
            }) {
                return nil
            }
            return try await self.request(lost: .unavailable) { [disk] in .success(disk.list(request)) }
        }
    }

    func checkLocation() async throws(StoreError) {}
    func close() async {}
}

/// The first answer to a request counts.
private final class OneAnswer<Value: Sendable>: Sendable {
    private let continuation: Mutex<UnsafeContinuation<Result<Value, StoreError>, Never>?>

    init(_ continuation: UnsafeContinuation<Result<Value, StoreError>, Never>) {
        self.continuation = Mutex(continuation)
    }

    func give(_ result: Result<Value, StoreError>) {
        continuation.withLock { $0.take() }?.resume(returning: result)
    }
}

/// The cluster needs no objects.
extension SimulatedStorage {
    private static let none = StoreError(.unsupported, "the simulation has records only")

    func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? { throw Self.none }
    func readObject<Value: ~Copyable & Sendable>(
        _ key: Key, range: Range<Int64>?, in pieces: Pieces, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value { throw Self.none }
    func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome { throw Self.none }
    func stageObject() async throws(StoreError) -> StagedObject { throw Self.none }
    func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool { throw Self.none }
    func moveObject(_ key: Key, to destination: Key) async throws(StoreError) { throw Self.none }
    func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome { throw Self.none }
    func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>] { throw Self.none }
    func uploadsInFlight() -> AsyncPull<[UploadInFlight]> { AsyncPull { () throws(StoreError) in nil } }
    func discardUpload(_ upload: UploadInFlight) async throws(StoreError) {}
}
