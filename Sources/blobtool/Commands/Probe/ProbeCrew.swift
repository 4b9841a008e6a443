internal import BlobStore
internal import BlobSystem
internal import Glibc

/// The processes of a probe: this very program, started several times.
enum ProbeCrew {
    /// What a probe takes on a place that answers, many times over.
    private static let timeLimit = Duration.seconds(600)

    /// Runs the participants and waits for all; the first that fails, or the caller's cancellation, ends the others.
    @Sendable static func run(_ participants: [ProbeParticipant]) async throws(StoreError) {
        let pool = BlockingPool(name: "probe", limits: BlockingPool.Limits(threads: participants.count))
        let end = Flag()
        let first = await withTaskCancellationHandler {
            await withTaskGroup(of: StoreError?.self) { group in
                for participant in participants { group.addTask { await failure(of: participant, on: pool, end) } }
                var first: StoreError?
                for await case let error? in group {
                    first = first ?? error
                    end.raise()
                }
                return first
            }
        } onCancel: {
            end.raise()
        }
        await pool.close()
        if let first { throw first }
    }

    private static func failure(
        of participant: ProbeParticipant, on pool: BlockingPool, _ end: Flag
    ) async -> StoreError? {
        let program = BoundedCommand(
            [
                "/proc/self/exe", "probe-worker", participant.place.description, "--name", participant.name,
                "--count", String(participant.count), "--parent", String(getpid()),
            ], timeLimit: timeLimit, outputLimitBytes: 1 << 16)
        let outcome = await pool.run(deadline: nil) { (_) throws(BoundedCommand.Failure) in
            try program.run(while: { !end.isRaised })
        }
        switch outcome {
        case .done(.success): return nil
        case .done(.failure(let failure)): return explained(failure)
        case .expired, .refused: return StoreError(.unavailable, "this process cannot start more threads")
        }
    }

    private static func explained(_ failure: BoundedCommand.Failure) -> StoreError {
        switch failure {
        case .notStarted(let errno):
            StoreError(
                .failed, "a process of the probe could not be started (\(errno)); check that /proc is mounted",
                cause: .errno(errno.rawValue, call: "posix_spawnp"))
        case .tooSlow:
            StoreError(.unavailable, "a process of the probe did not end within \(timeLimit.components.seconds) s")
        case .stopped: StoreError(.cancelled, "cancelled while the processes of the probe ran")
        case .tooMuch: StoreError(.failed, "a process of the probe printed more than it may")
        case .exitCode(let code):
            StoreError(.failed, "a process of the probe ended with exit code \(code); see its message above")
        case .signal(let number): StoreError(.failed, "a process of the probe was ended by signal \(number)")
        }
    }
}
