internal import BlobStore
internal import Synchronization

/// The two streams of a command: results on standard output, everything else on standard error.
///
/// One object owns both, since a progress bar on one must make way for text on the other where both are the same
/// terminal. A reader who goes away (`| head -1`) stops the command by way of ``Interruption``.
public final class Console: Sendable {
    /// What results look like.
    public enum Format: String, Sendable, CaseIterable { case text, json }

    /// How much is said on standard error: errors only; what a person needs; details; everything.
    public enum Verbosity: Int, Sendable, Comparable {
        case quiet, normal, verbose, debug
        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// How results are printed.
    public let format: Format
    /// How much is said on standard error.
    public let verbosity: Verbosity
    let output: TextStream
    let notices: TextStream
    /// Whether a person sees what is said.
    public var isOnTerminal: Bool { notices.isTerminal }
    /// Whether each of the two has colours.
    private let colours: (output: Bool, notices: Bool)
    /// Whether standard output has a document alone: results for people go to standard error then.
    private let passesDocument: Bool
    private let interruption: Interruption
    private let state = Mutex(State())

    private struct State {
        /// Results that were not written yet.
        var pending: [UInt8] = []
        /// The bar that stands on the terminal now.
        var bar: String?
        var isClosed = false
    }

    /// A console that writes to these streams.
    public init(
        format: Format, verbosity: Verbosity = .normal, interruption: Interruption, passesDocument: Bool = false,
        colours: Colours = .never,
        output: TextStream = TextStream(descriptor: 1), notices: TextStream = TextStream(descriptor: 2)
    ) {
        self.format = format
        self.verbosity = verbosity
        self.passesDocument = passesDocument
        self.interruption = interruption
        self.output = output
        self.notices = notices
        let isForPeople = format == .text
        self.colours = (isForPeople && colours.apply(to: output), isForPeople && colours.apply(to: notices))
    }

    private static let bufferBytes = 1 << 16

    /// Prints a result: `json` for programs, or `text` for people, where there is something to say to them. In text,
    /// what could command a terminal is written out.
    /// - Parameters:
    ///   - tone: of the text's first word.
    ///   - flush: whether it is written now; a listing does that once a page.
    public func emit(
        _ json: @autoclosure () -> JSONLine, text: @autoclosure () -> String?, tone: Tone? = nil, flush: Bool = true
    ) {
        guard var line = format == .json ? json().text : text()?.printableLines else { return }
        if passesDocument { return say(line, from: .quiet, tone: tone) }
        if let tone, colours.output { line = tone.painted(line) }
        state.withLock { state in
            state.pending += line.utf8
            state.pending.append(UInt8(ascii: "\n"))
            if flush || state.pending.count >= Self.bufferBytes { write(&state) }
        }
    }

    /// Writes what was emitted and not yet written.
    public func flush() {
        state.withLock { write(&$0) }
    }

    /// Passes content on to standard output as it is.
    ///
    /// It blocks for as long as the reader takes its time.
    public func pass(_ content: [UInt8]) {
        state.withLock { state in
            write(&state)
            state.pending = content
            write(&state)
        }
    }

    private func write(_ state: inout State) {
        defer { state.pending.removeAll(keepingCapacity: true) }
        guard !state.isClosed, !state.pending.isEmpty else { return }
        let bar = state.bar
        if bar != nil { draw(nil, &state) }
        if let errno = output.write(state.pending) {
            state.isClosed = true
            interruption.request(.outputFailed(errno: errno))
        }
        if let bar { draw(bar, &state) }
    }
}

extension Console {
    /// Says something on standard error; `text` may have several lines.
    /// - Parameter tone: of its first word.
    public func say(_ text: String, from level: Verbosity = .normal, tone: Tone? = nil) {
        guard verbosity >= level else { return }
        var text = text.printableLines
        if let tone, colours.notices { text = tone.painted(text) }
        let line = Array((text + "\n").utf8)
        state.withLock { state in
            let bar = state.bar
            if bar != nil { draw(nil, &state) }
            // Nobody is left to be told that standard error is closed.
            _ = notices.write(line)
            if let bar { draw(bar, &state) }
        }
    }

    /// Draws the progress bar, or takes it away.
    func showBar(_ bar: String?) {
        state.withLock { state in
            if bar != nil || state.bar != nil { draw(bar?.printable, &state) }
        }
    }

    private func draw(_ bar: String?, _ state: inout State) {
        state.bar = bar
        _ = notices.write(Array("\r\(bar ?? "")\u{1b}[K".utf8))
    }
}
