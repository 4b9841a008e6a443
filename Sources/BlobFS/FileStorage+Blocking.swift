internal import BlobSystem
internal import ObjectStorage
internal import Synchronization

extension FileStorage {
    /// Runs a whole operation on a blocking thread, through a freshly opened root when the server has forgotten it, and
    /// again when a server that could not be reached is back.
    ///
    /// `body` may be run more than once, and finds its way from the root each time.
    /// - Parameters:
    ///   - lane: whose threads it takes; what changes anything that others see is `flushing`.
    ///   - extra: how much longer than others it may take, for its size.
    func blocking<Value: Sendable>(
        _ operation: String, _ key: Key? = nil, lane: BlockingLanes.Lane = .flushing, extra: Duration = .zero,
        _ body: @escaping @Sendable (OpenRoot, any JobDeadline) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        if Task.isCancelled {
            throw StoreError(.cancelled, "cancelled").during(operation, key: key?.text, root: address)
        }
        let mount = mount
        var outage = Outage(of: self)
        while true {
            let outcome = await lanes[lane].run(deadline: deadline + extra) { (time) throws(StoreError) in
                try mount.run(changes: lane == .flushing) { (root) throws(StoreError) in try body(root, time) }
            }
            do throws(StoreError) { return try outcome.value(during: operation, key: key, root: address) } catch {
                try await outage.wait(or: error)
            }
        }
    }

    /// Begins an operation on a blocking thread without waiting for it; `answer` is called once.
    func begin<Value: Sendable>(
        _ operation: String, lane: BlockingLanes.Lane,
        _ body: @escaping @Sendable (OpenRoot, any JobDeadline) throws(StoreError) -> Value,
        answer: @escaping @Sendable (Result<Value, StoreError>) -> Void
    ) {
        let (mount, address) = (mount, address)
        lanes[lane].start(deadline: deadline) { (time) throws(StoreError) in
            try mount.run(changes: false) { (root) throws(StoreError) in try body(root, time) }
        } answer: { (outcome: BlockingOutcome<Value, StoreError>) in
            answer(Result { () throws(StoreError) in try outcome.value(during: operation, root: address) })
        }
    }
}

extension Duration {
    /// How long a slow share may take to make so many bytes durable, beside what every operation may take.
    static func flushing(bytes: Int64) -> Duration { .seconds(bytes >> 20) }

    /// How long a slow share may take for so many names.
    static func changing(names: Int) -> Duration { .milliseconds(100) * names }
}

extension JobDeadline {
    /// Ends work that its caller was told has not ended in time, before it changes anything more.
    func expectTime(for deed: @autoclosure () -> String) throws(StoreError) {
        if isOver { throw StoreError(.unavailable, "\(deed()) was abandoned") }
    }
}

extension BlockingOutcome where Failure == StoreError {
    /// What the job returned, or why there is nothing.
    func value(during operation: String, key: Key? = nil, root: String) throws(StoreError) -> Value {
        let failure: StoreError
        switch self {
        case .done(.success(let value)): return value
        case .done(.failure(let error)): failure = error
        case .expired(let hadBegun):
            let expiry = StoreError(.unavailable, "the filesystem did not answer in time; is the server up?")
            failure = hadBegun ? expiry.under(.stillRunning) : expiry
        case .refused(.closed): failure = StoreError(.unavailable, "the storage was closed", isRetryable: false)
        case .refused(.queueFull):
            failure = StoreError(.unavailable, "too many operations are waiting for the filesystem; is the server up?")
        case .refused(.noThread): failure = StoreError(.unavailable, "this process cannot start more threads")
        }
        if let whole = failure.ofWholeRoot(root) { throw whole.during(operation, root: root) }
        throw failure.during(operation, key: key?.text, root: root)
    }
}

extension StoreError {
    /// What concerns the root as a whole, told of the root and with what to do; nil for what concerns the one file.
    fileprivate func ofWholeRoot(_ root: String) -> StoreError? {
        guard case .errno(let number, let call) = cause else { return nil }
        let errno = Errno(rawValue: number)
        let sentence: String
        switch errno {
        case .noSpace: sentence = "\(root) is full; free space there, and run the same command again"
        case .quotaExceeded:
            sentence = "the quota on \(root) is used up; raise it or free space, and run the same command again"
        case .readOnlyFilesystem: sentence = "\(root) is mounted read-only; mount it for writing"
        case .fileTooLarge: sentence = "the content is larger than \(root) or a limit of this process allows"
        case .accessDenied where circumstance == .wholeRoot, .notPermitted where circumstance == .wholeRoot:
            sentence = "this account may not write to \(root); grant it permission, or use another account"
        default: return nil
        }
        return StoreError(code, "\(sentence) (\(call): \(errno))", isRetryable: isRetryable, cause: cause)
    }
}

// MARK: - Threads

/// The threads of one root, in lanes, so that a burst of one kind of work holds up no other: a hundred flushes that
/// wait for a disk leave those who read alone.
final class BlockingLanes: Sendable {
    /// What an operation does that takes long.
    enum Lane: CaseIterable, Sendable {
        /// It looks, and changes nothing.
        case reading
        /// It moves bytes to where nobody else looks yet.
        case writing
        /// It changes what others see, and waits until that is durable.
        case flushing
    }

    private let reading: BlockingPool
    private let writing: BlockingPool
    private let flushing: BlockingPool

    /// - Parameter threads: at most so many for each lane.
    init(threads: Int) {
        let limits = BlockingPool.Limits(threads: threads)
        reading = BlockingPool(name: "blob-read", limits: limits)
        writing = BlockingPool(name: "blob-write", limits: limits)
        flushing = BlockingPool(name: "blob-flush", limits: limits)
    }

    subscript(lane: Lane) -> BlockingPool {
        switch lane {
        case .reading: reading
        case .writing: writing
        case .flushing: flushing
        }
    }

    /// Does what may block, at the end of something's life; see ``BlockingPool/aside(_:)``.
    func aside(_ work: @escaping @Sendable () -> Void) { writing.aside(work) }

    /// Lets what was begun end, and the threads leave.
    func close(waitingAtMost time: Duration = .seconds(10)) async {
        for lane in Lane.allCases { await self[lane].close(waitingAtMost: time) }
    }
}

// MARK: - What is waited for

/// A value that one side delivers once and the other waits for once.
final class Pending<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case waiting(CheckedContinuation<Value, Never>)
        case delivered(Value)
        case taken
    }

    private let state = Mutex(State.empty)

    func deliver(_ value: Value) {
        let waiting: CheckedContinuation<Value, Never>? = state.withLock { state in
            if case .waiting(let continuation) = state {
                state = .taken
                return continuation
            }
            state = .delivered(value)
            return nil
        }
        waiting?.resume(returning: value)
    }

    func take() async -> Value {
        await withCheckedContinuation { continuation in
            let there: Value? = state.withLock { state in
                if case .delivered(let value) = state {
                    state = .taken
                    return value
                }
                state = .waiting(continuation)
                return nil
            }
            if let there { continuation.resume(returning: there) }
        }
    }
}
