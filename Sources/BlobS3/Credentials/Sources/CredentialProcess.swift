internal import BlobStore
internal import BlobSystem
internal import Synchronization

/// A program that prints credentials: `credential_process` of a profile.
///
/// It is started without a shell, gets at most a minute and 64 KiB, and what it says to standard error goes to this
/// process's. Nothing that it prints is ever told.
struct CredentialProcess: CredentialSource {
    let command: String
    let name: String
    var timeLimit = Duration.seconds(60)

    func credentials() async throws(StoreError) -> Credentials? {
        let output = try await output()
        let document = try CredentialDocument(output, from: name)
        guard document.version == 1 else {
            throw StoreError(.failed, "\(name) gave JSON that does not say \"Version\": 1, the only one there is")
        }
        return try document.credentials(mustEnd: false, from: name)
    }

    private func output() async throws(StoreError) -> [UInt8] {
        guard let words = CommandWords.split(command), !words.isEmpty else {
            throw StoreError(.invalidArgument, "\(name) is no command: a quote in it is not closed, or it is empty")
        }
        let program = BoundedCommand(words, timeLimit: timeLimit, outputLimitBytes: 64 << 10)
        let isCancelled = Flag()
        let name = name
        let limit = timeLimit
        let result = await withTaskCancellationHandler {
            // The thread ends by itself shortly after the program's time; this is only for a queue that is full.
            await Result.catching { () async throws(StoreError) in
                try await LookupThreads.run(name, atMost: limit + .seconds(30)) { () throws(StoreError) in
                    do throws(BoundedCommand.Failure) {
                        return try program.run(while: { !isCancelled.isRaised })
                    } catch { throw Self.explained(error, name, program) }
                }
            }
        } onCancel: {
            isCancelled.raise()
        }
        return try result.get()
    }

    private static func explained(
        _ failure: BoundedCommand.Failure, _ name: String, _ program: BoundedCommand
    ) -> StoreError {
        let advice = "run it by hand to see why"
        let seconds = program.timeLimit.components.seconds
        return switch failure {
        case .notStarted(let errno):
            StoreError(
                .failed, "\(name) could not be started (\(errno)): is the program's path right",
                cause: .errno(
                    errno.rawValue, call: "posix_spawnp"))
        case .tooSlow: StoreError(.unavailable, "\(name) did not end within \(seconds) s and was killed: \(advice)")
        case .tooMuch: StoreError(.failed, "\(name) printed more than any credentials are long: \(advice)")
        case .stopped: StoreError(.cancelled, "cancelled while \(name) ran")
        case .exitCode(let code): StoreError(.permissionDenied, "\(name) ended with exit code \(code): \(advice)")
        case .signal(let number): StoreError(.failed, "\(name) was ended by signal \(number): \(advice)")
        }
    }
}

/// Something that has happened, or not yet.
private final class Flag: Sendable {
    private let state = Atomic(false)
    var isRaised: Bool { state.load(ordering: .acquiring) }
    func raise() { state.store(true, ordering: .releasing) }
}

extension Result {
    fileprivate static func catching(_ body: () async throws(Failure) -> Success) async -> Self {
        do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
    }
}
