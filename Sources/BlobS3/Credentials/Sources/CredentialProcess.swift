internal import BlobSystem
internal import ObjectStorage

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
            throw StoreError(.failed, "\(name) gave JSON without \"Version\": 1, the only version there is")
        }
        return try document.credentials(mustEnd: false, from: name)
    }

    private func output() async throws(StoreError) -> [UInt8] {
        guard let words = CommandWords.split(command), !words.isEmpty else {
            throw StoreError(
                .invalidArgument,
                "\(name) is not a command, because it is empty or a quotation mark in it is not closed")
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
                    } catch { throw Self.explained(error, name: name, program: program) }
                }
            }
        } onCancel: {
            isCancelled.raise()
        }
        return try result.get()
    }

    private static func explained(
        _ failure: BoundedCommand.Failure, name: String, program: BoundedCommand
    ) -> StoreError {
        let advice = "run it by hand to see why"
        let seconds = program.timeLimit.components.seconds
        return switch failure {
        case .notStarted(let errno):
            StoreError(
                .failed, "\(name) could not be started (\(errno)); is the program's path right?",
                cause: .errno(
                    errno.rawValue, call: "posix_spawnp"))
        case .tooSlow: StoreError(.unavailable, "\(name) did not end within \(seconds) s and was killed; \(advice)")
        case .tooMuch: StoreError(.failed, "\(name) printed far more than credentials; \(advice)")
        case .stopped: StoreError(.cancelled, "cancelled while \(name) ran")
        case .exitCode(let code): StoreError(.permissionDenied, "\(name) ended with exit code \(code); \(advice)")
        case .signal(let number): StoreError(.failed, "\(name) was ended by signal \(number); \(advice)")
        }
    }
}

extension Result {
    fileprivate static func catching(_ body: () async throws(Failure) -> Success) async -> Self {
        do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
    }
}

/// A command line cut into words as a shell cuts it: quotes and backslashes, and nothing else of a shell.
enum CommandWords {
    /// - Returns: nil where a quote is not closed, or a backslash is the last character.
    static func split(_ line: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = line[...]
        while let character = rest.popFirst() {
            switch (character, quote) {
            case ("'", "'"), ("\"", "\""): quote = nil
            case ("\\", "\""?) where rest.first != "\"" && rest.first != "\\": word = (word ?? "") + "\\"
            case ("\\", nil), ("\\", "\""?):
                guard let next = rest.popFirst() else { return nil }
                word = (word ?? "") + String(next)
            case ("'", nil), ("\"", nil):
                quote = character
                word = word ?? ""
            case (_, nil) where character.isWhitespace:
                if let word { words.append(word) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        return quote == nil ? words : nil
    }
}
