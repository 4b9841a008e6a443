internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal
internal import LocalFiles
internal import Logging

/// One run of the tool: from its arguments to its exit status.
struct Invocation: Sendable {
    private let arguments: [String]
    private let interruption: Interruption

    init(_ arguments: [String], _ interruption: Interruption) {
        self.arguments = arguments
        self.interruption = interruption
    }

    /// The answer that needs no thread and no parser, so that it is there at once: the version. Nil for all else.
    func answerAtOnce() -> ExitStatus? {
        guard arguments == ["--version"] else { return nil }
        Console(format: .text, interruption: interruption).emit(JSONLine("help"), text: toolVersion)
        return interruption.reason?.status ?? .done
    }

    func run() async -> ExitStatus {
        let parsed: any ParsableCommand
        do { parsed = try await Blobtool.asyncParseAsRoot(arguments) } catch { return answer(error) }
        guard let command = parsed as? any ToolCommand else { return answerIncomplete(parsed) }
        let claims = command.destinations.filter(\.isStandardOutput).map(\.option)
        let rivals = claims.map { "\($0) -" } + (command.output.format == .json ? ["--format json"] : [])
        if !claims.isEmpty, rivals.count > 1 {
            return refuse(
                "\(rivals.joined(separator: " and ")) both write to standard output; leave out one",
                on: Console(format: format, interruption: interruption, colours: colours))
        }
        let console = Console(
            format: command.output.format, verbosity: command.output.verbosity, interruption: interruption,
            passesDocument: !claims.isEmpty, colours: command.output.color)
        LoggingSystem.bootstrap { ConsoleLog($0, to: console) }
        let session = Session(
            console: console, interruption: interruption,
            showsProgress: !command.output.noProgress && !command.output.quiet)
        let status = await run(command, in: session)
        console.flush()
        return interruption.reason.map { explain($0, on: console) } ?? status
    }

    private func run(_ command: any ToolCommand, in session: Session) async -> ExitStatus {
        let work = Task {
            // Before the work, which may take hours, and not after it.
            try await expectWritable(command.destinations.filter { !$0.isStandardOutput })
            return try await command.run(in: session)
        }
        interruption.onRequest { work.cancel() }
        do {
            return try await work.value
        } catch {
            // What was stopped is reported as that, not as what it was stopped in the middle of.
            if interruption.reason == nil { return report(error, on: session.console) }
            return .failed
        }
    }

    /// - Throws: a flaw of the command line where two are one file; what stands in the way of writing.
    private func expectWritable(_ files: [Destination]) async throws {
        for (number, file) in files.enumerated() {
            for other in files[..<number] where try await LocalDestination.isSameFile(other.path, file.path) {
                throw ValidationError("\(other.option) and \(file.option) both write to \(file.path); name two files.")
            }
            try await LocalDestination.expectWritable(file.path)
        }
    }

    private func report(_ error: any Error, on console: Console) -> ExitStatus {
        switch error {
        case let error as ValidationError:
            return refuse(error.message, on: console)
        case let error as SyntaxError:
            return refuse(error.description, on: console)
        default:
            console.report(error)
            return .failed
        }
    }

    private func explain(_ reason: Interruption.Reason, on console: Console) -> ExitStatus {
        if let sentence = reason.sentence {
            let code: StoreError.Code = if case .signal = reason { .cancelled } else { .failed }
            console.report(code: code.rawValue, sentence)
        }
        return reason.status
    }
}

// What comes of a command line that is no command.
extension Invocation {
    /// Help, version and completion scripts come as errors of the parser too.
    private func answer(_ error: any Error) -> ExitStatus {
        let console = Console(format: format, interruption: interruption, colours: colours)
        guard Blobtool.exitCode(for: error) == .success else {
            return refuse(unknownCommand ?? Blobtool.message(for: error), on: console)
        }
        // Asked for by a person, and so text in any format.
        let people = Console(format: .text, interruption: interruption)
        people.emit(JSONLine("help"), text: Blobtool.fullMessage(for: error))
        return interruption.reason?.status ?? .done
    }

    /// No command of ours: the parser's own `help`, or a command that only has subcommands.
    private func answerIncomplete(_ parsed: any ParsableCommand) -> ExitStatus {
        if type(of: parsed).configuration.subcommands.isEmpty {
            var help = parsed
            do { try help.run() } catch { return answer(error) }
            return .done
        }
        if parsed is Blobtool {
            // Whoever types nothing but the name wants to know what there is.
            Console(format: .text, interruption: interruption).emit(JSONLine("help"), text: Blobtool.helpMessage())
            return interruption.reason?.status ?? .done
        }
        let console = Console(format: format, interruption: interruption, colours: colours)
        let names = type(of: parsed).configuration.subcommands.filter { $0.configuration.shouldDisplay }
            .compactMap { $0.configuration.commandName }
        return refuse("A command is missing; use one of \(names.joined(separator: ", "))", on: console)
    }

    /// An argument that is no text: nothing is guessed about what it should be.
    func refuseBytes(at position: Int) -> ExitStatus {
        refuse(
            "Argument \(position) is not valid UTF-8; write it in UTF-8, and rename the file "
                + "if its name is not UTF-8", on: Console(format: format, interruption: interruption, colours: colours))
    }

    /// Nothing can be done; said without a task, for which there may be no room.
    func refuseLimits(_ flaw: String) -> ExitStatus {
        let console = Console(format: format, interruption: interruption, colours: colours)
        console.report(code: StoreError.Code.unavailable.rawValue, flaw)
        console.flush()
        return .failed
    }

    private func refuse(_ message: String, on console: Console) -> ExitStatus {
        console.report(code: "usage", "\(UsageSentence(arguments).text(message)); see \"\(commandPath) --help\"")
        return .usage
    }

    /// The format as asked for, also where the rest cannot be understood.
    private var format: Console.Format {
        let joined = arguments.contains("--format=json")
        let apart = zip(arguments, arguments.dropFirst()).contains { $0 == "--format" && $1 == "json" }
        return joined || apart ? .json : .text
    }

    /// The same for colours.
    private var colours: Colours {
        let joined = arguments.compactMap { $0.hasPrefix("--color=") ? String($0.dropFirst("--color=".count)) : nil }
        let apart = zip(arguments, arguments.dropFirst()).compactMap { $0 == "--color" ? $1 : nil }
        return (joined + apart).compactMap(Colours.init).first ?? .auto
    }

    /// A word that is no command where one must stand is told as that, rather than as one argument too many.
    private var unknownCommand: String? {
        let (names, level) = command
        guard !level.configuration.subcommands.isEmpty, let word = arguments.dropFirst(names.count).first,
            !word.hasPrefix("-")
        else { return nil }
        let sentence = "There is no command \"\((names + [word]).joined(separator: " "))\""
        let known = level.configuration.subcommands.filter { $0.configuration.shouldDisplay }
            .compactMap { $0.configuration.commandName }
        guard let near = nearest(to: word, among: known) else { return sentence }
        return "\(sentence), but there is \"\((names + [near]).joined(separator: " "))\""
    }

    /// The command that was typed, as far as there is one, e.g. `blobtool feed create`.
    private var commandPath: String { (["blobtool"] + command.names).joined(separator: " ") }

    private var command: (names: [String], type: any ParsableCommand.Type) {
        var names: [String] = []
        var level: any ParsableCommand.Type = Blobtool.self
        for argument in arguments {
            guard let next = level.configuration.subcommands.first(where: { $0.configuration.commandName == argument })
            else { break }
            names.append(argument)
            level = next
        }
        return (names, level)
    }
}
