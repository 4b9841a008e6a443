internal import ArgumentParser
internal import BlobBackends
internal import BlobCluster
internal import BlobStore
internal import BlobTerminal
internal import FoundationEssentials
internal import Synchronization

struct DoctorCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks at everything that a store depends on, and says what to do.",
        discussion: """
            It tells which setting names the server root and what that hides; whether the root and those of all feeds \
            can be reached, are the right ones, and can be read and written by this account; how their mounts or buckets \
            are set up, how much room they have, and what their clocks say; what dead processes left; and how the server \
            nodes are. It reads no packages: that is for "check". What it writes to try that, it removes again. Exits 1 if \
            something is wrong, and 2 if something could not be looked at.

            Examples:
              blobtool doctor
              blobtool doctor --root /mnt/nas/packages --format json
            """)

    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let clock = RunClock()
        let settings = try await root.settings()
        let tally = AdviceTally(session.console)
        for advice in try await root.advice(on: settings) { tally.add(advice) }
        let operation = DiagnoseOperation(
            settings.root.value, node: try Session.node, rootID: settings.rootID?.value, with: Session.opener(),
            report: { tally.add($0) })
        try await operation.run { store throws(StoreError) in
            do throws(StoreError) {
                for advice in try await ClusterStatus.read(store).advice { tally.add(advice) }
            } catch {
                if error.code == .cancelled { throw error }
                tally.add(Advice("nodes", unknown: error, "the nodes"))
            }
        }
        return tally.finish(clock)
    }
}

/// Prints advice as it comes, and counts it.
private final class AdviceTally: Sendable {
    private struct Counts {
        var errors: Int64 = 0
        var warnings: Int64 = 0
        var isComplete = true
    }

    private let console: Console
    private let counts = Mutex(Counts())

    init(_ console: Console) { self.console = console }

    func add(_ advice: Advice) {
        counts.withLock { counts in
            if advice.severity == .error { counts.errors += 1 }
            if advice.severity == .warning { counts.warnings += 1 }
            if !advice.isCertain { counts.isComplete = false }
        }
        let subject = (advice.feed.map { "\($0): " } ?? "") + advice.what
        console.emit(
            advice.line,
            text: "\(pad(advice.severity.rawValue, to: 7, .left))  \(subject): \(advice.message)".printable,
            tone: advice.severity.tone)
    }

    /// Prints the sum.
    /// - Returns: what the exit code says.
    func finish(_ clock: RunClock) -> ExitStatus {
        let counts = counts.withLock { $0 }
        let verdict =
            counts.isComplete
            ? counts.errors > 0 ? "something is wrong" : "nothing is wrong" : "not everything could be looked at"
        console.emit(
            .summary(
                "doctor", of: nil, RunFacts(isComplete: counts.isComplete, time: clock.time),
                fields: ["errors": .integer(counts.errors), "warnings": .integer(counts.warnings)]),
            text: "\(Self.counted(counts.errors, "error")), \(Self.counted(counts.warnings, "warning")): \(verdict)")
        if !counts.isComplete { return .failed }
        return counts.errors > 0 ? .notGood : .done
    }

    private static func counted(_ count: Int64, _ thing: String) -> String {
        "\(grouped(count)) \(thing)\(count == 1 ? "" : "s")"
    }
}

extension Advice.Severity {
    fileprivate var tone: Tone {
        switch self {
        case .good: .good
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}

extension Advice {
    /// The `advice` line.
    fileprivate var line: JSONLine {
        JSONLine(
            "advice",
            [
                "severity": .string(severity.rawValue), "what": .string(what), "message": .string(message),
                "feed": feed.map { .string($0.text) }, "certain": .bool(isCertain),
            ])
    }
}

// MARK: - Settings

extension RootOptions {
    /// Which setting names the root and which pins its id, and those that do not count beside them.
    fileprivate func advice(on settings: ServerSettings) async throws(StoreError) -> [Advice] {
        var advice = [Advice(.good, of: "setting", "\(settings.root.value) is named by \(settings.root.source)")]
        if let pin = settings.rootID {
            advice.append(Advice(.good, of: "setting", "the id \(pin.value) is pinned by \(pin.source)"))
        }
        let hidden = try await ServerSettings.hidden(
            root: root, configPath: config, environment: ProcessInfo.processInfo.environment,
            schemes: Backends().schemes)
        for setting in hidden {
            let named = setting.value.map { "names \($0)" } ?? "names no root that can be used"
            advice.append(Advice(.info, of: "setting", "\(setting.source) \(named), and does not count"))
        }
        return advice
    }
}

// MARK: - Nodes

extension ClusterStatus {
    /// How the nodes are, and what they differ in.
    fileprivate var advice: [Advice] {
        if nodes.isEmpty { return [Advice(.info, of: "nodes", "no server node runs on this root")] }
        var advice = nodes.compactMap(\.advice)
        let alive = nodes.count { $0.state == .alive }
        if alive > 0 { advice.append(Advice(.good, of: "nodes", "\(alive) of \(nodes.count) known nodes are alive")) }
        advice += drift.map(\.advice)
        if hasLiveNodes, planner?.isHeld != true {
            advice.append(
                Advice(
                    .error, of: "planner",
                    "no node plans the regular work; if that is still so in a minute, look at the logs of the nodes"))
        }
        return advice
    }
}

extension NodeStatus {
    fileprivate var advice: Advice? {
        switch state {
        case .alive, .left: nil
        case .silent:
            Advice(
                .error, of: "nodes",
                "the node \"\(node)\" gave no sign of life for \(age.human); start it, or remove it with \"blobtool cluster "
                    + "remove \(node)\"")
        case .unknown(let error):
            Advice("nodes", unknown: error, "the node \"\(node)\"")
        }
    }
}

extension Drift {
    fileprivate var advice: Advice {
        let remedy =
            switch aspect {
            case .version: "update those that are behind"
            case .settings: "start all nodes with the same settings"
            case .secrets: "restart those that differ, so that they read the shared secrets anew"
            case .roots: "look at the mounts of those that differ"
            }
        return Advice(aspect == .version ? .warning : .error, of: "drift", "\(sentence); \(remedy)")
    }
}
