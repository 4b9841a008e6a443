internal import Synchronization

/// How a blocking job ended, as its caller sees it.
package enum BlockingOutcome<Value: Sendable, Failure: Error>: Sendable {
    /// It ran to its end.
    case done(Result<Value, Failure>)
    /// Its deadline passed. When it had begun it may still be at work: what it does then is seen by nobody.
    case expired(hadBegun: Bool)
    /// It was never begun: the queue was full, no thread could be had, or the pool was closed.
    case refused(BlockingRefusal)
}

/// Why a pool took no job.
package enum BlockingRefusal: Sendable {
    case queueFull, noThread, closed
}

/// A job's view of its caller's patience.
package protocol Patience: Sendable {
    /// Whether the caller was already told that the deadline passed. A job that was stuck asks before it goes on to
    /// change anything.
    var isOver: Bool { get }
}

/// One job: a body, and a caller who is answered exactly once, by whoever is first: the thread, the clock or the
/// pool.
final class BlockingJob<Value: Sendable, Failure: Error>: QueuedJob {
    typealias Outcome = BlockingOutcome<Value, Failure>
    typealias Answer = @Sendable (Outcome) -> Void
    private enum Stage {
        case waiting(Answer)
        case running(Answer)
        case answered
    }

    let deadline: Duration?
    private let stage: Mutex<Stage>
    private let body: @Sendable (any Patience) throws(Failure) -> Value

    init(
        deadline: Duration?, _ body: @escaping @Sendable (any Patience) throws(Failure) -> Value,
        answer: @escaping Answer
    ) {
        self.deadline = deadline
        self.body = body
        stage = Mutex(.waiting(answer))
    }

    var isOver: Bool {
        stage.withLock { if case .answered = $0 { true } else { false } }
    }

    func run() {
        let mayRun = stage.withLock { stage in
            guard case .waiting(let answer) = stage else { return false }
            stage = .running(answer)
            return true
        }
        guard mayRun else { return }
        do throws(Failure) {
            let value = try body(self)
            answer { _ in .done(.success(value)) }
        } catch {
            answer { _ in .done(.failure(error)) }
        }
    }

    func expire() { answer { .expired(hadBegun: $0) } }

    func refuse(_ refusal: BlockingRefusal) { answer { _ in .refused(refusal) } }

    private func answer(_ outcome: (_ hadBegun: Bool) -> Outcome) {
        let taken: (Answer, Bool)? = stage.withLock { stage in
            defer { stage = .answered }
            switch stage {
            case .waiting(let answer): return (answer, false)
            case .running(let answer): return (answer, true)
            case .answered: return nil
            }
        }
        if let (answer, hadBegun) = taken { answer(outcome(hadBegun)) }
    }
}

/// A job without its types, as the pool keeps it.
protocol QueuedJob: AnyObject, Patience {
    /// When the caller's patience ends, as time since boot; nil for never.
    var deadline: Duration? { get }
    func run()
    func expire()
    func refuse(_ refusal: BlockingRefusal)
}
