internal import ArgumentParser
internal import BlobCluster
internal import BlobTerminal

struct ClusterStatusCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows the server nodes, who plans, and what the nodes differ in.",
        discussion: """
            A node is silent when it gave no sign of life for 30 seconds; one that seems to be is watched for some seconds \
            more. Exits 1 if a node is silent or cannot be read, if nodes differ, or if no node plans.

            Examples:
              blobtool cluster status
              blobtool cluster status --format json
            """)

    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            let status = try await ClusterStatus.read(store)
            show(status, session.console)
            return status.isGood ? .done : .notGood
        }
    }

    private func show(_ status: ClusterStatus, _ console: Console) {
        var table = Table([
            ("NODE", .left), ("STATE", .left), ("HEARTBEAT", .right), ("VERSION", .left), ("ADDRESS", .left),
            ("", .left),
        ])
        for node in status.nodes {
            console.emit(node.line, text: nil, flush: false)
            let isPlanner = status.planner?.isHeld == true && status.planner?.node == node.node
            table.add([
                node.node, node.word, node.age.human, node.record?.about.version ?? "",
                node.record?.about.address ?? "", isPlanner ? "plans, term \(status.planner?.term ?? 0)" : "",
            ])
        }
        if let planner = status.planner { console.emit(planner.line, text: nil, flush: false) }
        for drift in status.drift { console.emit(drift.line, text: nil, flush: false) }
        if status.nodes.isEmpty { return console.say("no node runs on this server root") }
        guard console.format == .text else { return }
        let lines = table.lines + status.drift.map(\.sentence)
        console.emit(JSONLine("nodes"), text: lines.joined(separator: "\n"))
        if status.hasLiveNodes && status.planner?.isHeld != true { console.say("no node plans now") }
    }
}

extension NodeStatus {
    /// The `node` line.
    fileprivate var line: JSONLine {
        JSONLine(
            "node",
            [
                "node": .string(node), "state": .string(word), "ageSeconds": .integer(age.components.seconds),
                "version": record.map { .string($0.about.version) },
                "address": (record?.about.address).map { .string($0) },
                "started": record.map { .string($0.started.description) },
                "load": record.map { record in
                    .object(record.about.load.sorted { $0.key < $1.key }.map { .init($0.key, .integer($0.value)) })
                },
                "message": message.map { .string($0) },
            ])
    }

    fileprivate var word: String {
        switch state {
        case .alive: "alive"
        case .silent: "silent"
        case .left: "left"
        case .unknown: "unknown"
        }
    }

    private var message: String? { if case .unknown(let error) = state { error.message } else { nil } }
}

extension ClusterStatus.Planner {
    /// The `lease` line.
    fileprivate var line: JSONLine {
        JSONLine(
            "lease",
            [
                "name": "planner", "holder": isHeld ? node.map { .string($0) } : nil, "term": .integer(term),
            ])
    }
}

extension Drift {
    /// The `drift` line.
    fileprivate var line: JSONLine {
        let values = nodes.sorted { $0.key < $1.key }.map { value, nodes in
            LineValue.Field(value, .array(nodes.map { .string($0) }))
        }
        return JSONLine("drift", ["aspect": .string(aspect.rawValue), "nodes": .object(values)])
    }

    var sentence: String {
        let values = nodes.sorted { $0.key < $1.key }.map { "\($0.key) on \($0.value.joined(separator: ", "))" }
        return "the nodes differ in their \(aspect.rawValue): \(values.joined(separator: "; "))".printable
    }
}
