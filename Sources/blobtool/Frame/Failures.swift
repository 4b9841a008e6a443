internal import BlobStore
internal import BlobTerminal
internal import LocalFiles
internal import Synchronization

/// The items of a command that failed: told when it happens, repeated at the end, and kept for the next run.
final class Failures: Sendable {
    private struct State {
        var count = 0
        /// What ended the work was told of an item already.
        var hasStopped = false
        var repeated: [String] = []
        var file: ItemFile?
        var fileProblem: StoreError?
    }

    /// So many are repeated at the end; the file has all of them.
    private static let maximumRepeated = 1_000

    private let console: Console
    private let path: String?
    private let state = Mutex(State())

    /// - Parameter path: the file of `--failed`, or `-` for standard output.
    init(_ console: Console, _ path: String?) {
        self.console = console
        self.path = path
    }

    var count: Int { state.withLock(\.count) }

    /// Tells that an item failed.
    /// - Parameters:
    ///   - item: as the next run can take it.
    func add(_ item: String, _ error: StoreError) { add(LocalName(item), error) }

    /// Tells that an item failed, whose name may be no text.
    /// - Parameter packages: those that fail for one thing that they share, the first as the item; all are kept.
    func add(_ name: LocalName, _ error: StoreError, packages: [String]? = nil) {
        let item = name.description
        let sentence = Self.names(error.description, item) ? error.description : "\(item): \(error)"
        if console.format == .json {
            console.emit(
                JSONLine(
                    "error",
                    [
                        "code": .string(error.code.rawValue), "message": .string(error.description),
                        "item": .string(item), "packages": packages.map { .array($0.map { .string($0) }) },
                    ]), text: nil)
        }
        let others = (packages ?? []).dropFirst().map { "\n  and \($0.printable)" }.joined()
        console.say("error: \(sentence.printable)\(others)", from: .quiet, tone: .error)
        state.withLock { state in
            state.count += 1
            state.hasStopped = state.hasStopped || error.meetsEveryItem
            if state.repeated.count < Self.maximumRepeated { state.repeated.append(sentence.printable) }
            keep(name, &state)
            for package in (packages ?? []).dropFirst() { keep(LocalName(package), &state) }
        }
    }

    /// Whether a sentence names the item as a whole; a short name stands in many a longer word.
    private static func names(_ sentence: String, _ item: String) -> Bool {
        sentence.hasPrefix("\(item) ") || sentence.hasPrefix("\(item): ")
            || ["\"\(item)\"", "/\(item) ", "/\(item): "].contains { sentence.contains($0) }
    }

    private func keep(_ item: LocalName, _ state: inout State) {
        guard let path, state.fileProblem == nil else { return }
        if path == "-" { return console.pass(Array((ItemLine.text(item) + "\n").utf8)) }
        do throws(StoreError) {
            let file = if let begun = state.file { begun } else { try ItemFile(path) }
            state.file = file
            try file.add(item)
        } catch {
            state.file?.abandon()
            state.file = nil
            state.fileProblem = error
        }
    }

    /// Does something with an item, and tells where it fails.
    /// - Returns: whether it was done.
    /// - Throws: what would meet every other item too.
    func guarding(
        _ item: LocalName, _ work: () async throws(StoreError) -> Void
    ) async throws(StoreError) -> Bool {
        do throws(StoreError) {
            try await work()
            return true
        } catch {
            if error.code != .cancelled { add(item, error) }
            if error.meetsEveryItem { throw error }
            return false
        }
    }

    /// Ends what an error has stopped before its end: repeats what failed until then.
    /// - Returns: what the exit code says.
    /// - Parameter hasMore: whether there may be items that were not tried.
    /// - Throws: the error, where it was not told of an item already.
    func stop(_ error: any Error, succeeded: Int, hasMore: Bool = true) throws -> ExitStatus {
        guard state.withLock(\.hasStopped) else { throw error }
        _ = finish(succeeded: succeeded)
        if hasMore {
            console.say(
                "error: stopped; the rest was not tried, and the same command resumes there", from: .quiet,
                tone: .error)
        }
        return .failed
    }

    /// Repeats what failed among several, and puts the file of `--failed` in its place, empty where nothing failed.
    /// - Returns: what the exit code says.
    func finish(succeeded: Int) -> ExitStatus {
        let (count, repeated) = state.withLock { ($0.count, $0.repeated) }
        if count > 0 && succeeded + count > 1 {
            let rest = count > repeated.count ? ["  and \(grouped(Int64(count - repeated.count))) more"] : []
            let heading = "\(grouped(Int64(count))) of \(grouped(Int64(succeeded + count))) failed:"
            console.say(([heading] + repeated.map { "  \($0)" } + rest).joined(separator: "\n"), from: .quiet)
        }
        let isKept = keepFile(evenIfEmpty: true)
        return isKept ? ExitStatus(succeeded: succeeded, failed: count) : .failed
    }

    /// Keeps what failed until the command was stopped; after its end there is nothing left to keep.
    func keepPartialFile() {
        keepFile(evenIfEmpty: false)
    }

    @discardableResult
    private func keepFile(evenIfEmpty: Bool) -> Bool {
        guard let path, path != "-" else { return true }
        let problem = state.withLock { state -> StoreError? in
            defer {
                state.file = nil
                state.fileProblem = nil
            }
            if let problem = state.fileProblem { return problem }
            do throws(StoreError) {
                if let file = state.file { try file.finish() } else if evenIfEmpty { try ItemFile(path).finish() }
                return nil
            } catch { return error }
        }
        if let problem { console.report(problem) }
        return problem == nil
    }
}
