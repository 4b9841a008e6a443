internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct ProbeCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Measures what a mount or bucket guarantees, and says whether nodes may share it.",
        discussion: """
            Several processes race for the same names, look for what the others wrote, list while all write, and time \
            what they do, in a folder of their own that is removed afterwards. To measure what machines see of each \
            other, start the probe on each of them within a minute, with a name that they agree on. Exits 0 if nodes \
            may share the place, 1 if they may not, and 2 if it could not be measured.

            Examples:
              blobtool probe /mnt/nas/packages
              blobtool probe "s3://bucket/packages?endpoint=https://s3.example.net"
              blobtool probe /mnt/nas/packages --rendezvous monday --nodes 3
            """)

    @Argument(help: ArgumentHelp("What to measure: a path, file:///path or s3://bucket/prefix?…", valueName: "url"))
    var url: String
    @Option(parsing: .unconditional, help: ArgumentHelp("How many processes to run on this machine.", valueName: "n"))
    var workers = 4
    @Option(
        help: ArgumentHelp("A name that the machines agree on, new for each probe.", valueName: "name"),
        transform: { try NodeName($0) })
    var rendezvous: NodeName?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many machines take part; 2 with --rendezvous.", valueName: "n"))
    var nodes: Int?
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        _ = try Read.root(url)
        if !(1...64).contains(workers) {
            throw ValidationError("--workers takes a number from 1 to 64, not \(workers).")
        }
        guard let nodes else { return }
        if !(1...64).contains(nodes) { throw ValidationError("--nodes takes a number from 1 to 64, not \(nodes).") }
        if nodes > 1 && rendezvous == nil { throw ValidationError("--nodes needs --rendezvous.") }
    }

    /// A probe that is stopped removes some hundred files, on a place that may be slow.
    private static let timeToStop = Duration.seconds(60)

    func run(in session: Session) async throws -> ExitStatus {
        session.interruption.timeToStop = Self.timeToStop
        var options = ProbeOperation.Options()
        options.workers = workers
        options.rendezvous = rendezvous
        options.nodes = nodes ?? (rendezvous == nil ? 1 : 2)
        let meter = Meter("probing", unit: "steps")
        let operation = ProbeOperation(
            try Read.root(url), options, with: Session.opener(isForOneWriter: true), crew: ProbeCrew.run
        ) { meter.show($0) }
        let report = try await session.console.showing(meter, isShown: session.showsProgress) {
            try await operation.run()
        }
        show(report, session.console)
        if !report.isCertain { return .failed }
        return report.isFitForSharing ? .done : .notGood
    }

    private func show(_ report: ProbeReport, _ console: Console) {
        if let place = report.place { console.emit(JSONLine("place", ["detail": .string(place)]), text: place + "\n") }
        show(report.guarantees, console)
        show(report.measurements, console)
        console.emit(
            JSONLine(
                "verdict",
                [
                    "shared": .bool(report.isFitForSharing), "reasons": .array(report.reasons.map { .string($0) }),
                    "advice": .array(report.advice.map { .string($0) }), "certain": .bool(report.isCertain),
                ]),
            text: verdict(report))
    }

    private func show(_ guarantees: [Guarantee], _ console: Console) {
        var table = Table([("guarantee", .left), ("holds", .left), ("measured", .left)])
        for guarantee in guarantees {
            let isMissing = guarantee.isNeeded && guarantee.holds != true
            let holds = guarantee.holds.map { $0 ? "yes" : isMissing ? "NO" : "no" } ?? "unknown"
            table.add([guarantee.name, holds, guarantee.detail])
        }
        console.emit(guarantees.map(\.line), text: table)
    }

    private func show(_ measurements: [ProbeMeasurement], _ console: Console) {
        if measurements.isEmpty { return }
        var table = Table([("speed, for one process", .left), ("", .right), ("", .left)])
        for measurement in measurements {
            table.add([measurement.name, Self.rounded(measurement.value), measurement.unit])
        }
        console.emit(measurements.map(\.line), text: table)
    }

    private func verdict(_ report: ProbeReport) -> String {
        var lines: [String] = []
        if report.isFitForSharing {
            lines.append("fit for sharing: any number of nodes may use it at once")
        } else {
            lines.append(
                report.isCertain
                    ? "NOT fit for sharing; let only one process at a time write there, or choose another place"
                    : "not known to be fit for sharing, because not everything could be measured")
            lines += report.reasons.map { "  \($0)" }
        }
        lines += report.advice.map { "advice: \($0)" }
        return lines.joined(separator: "\n")
    }

    private static func rounded(_ value: Double) -> String {
        if value >= 100 { return String(Int64(value.rounded())) }
        let hundredths = Int64((value * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}

extension Console {
    /// Prints a line for each item to programs, and all of them as a table to people.
    fileprivate func emit(_ lines: [JSONLine], text table: Table) {
        if format == .json {
            for line in lines { emit(line, text: nil) }
        } else {
            emit(JSONLine("table"), text: table.lines.joined(separator: "\n") + "\n")
        }
    }
}

extension Guarantee {
    fileprivate var line: JSONLine {
        JSONLine(
            "guarantee",
            [
                "name": .string(name), "holds": .bool(holds == true), "detail": .string(detail),
                "measured": .bool(holds != nil), "needed": .bool(isNeeded),
            ])
    }
}

extension ProbeMeasurement {
    fileprivate var line: JSONLine {
        JSONLine("measurement", ["name": .string(name), "value": .number(value), "unit": .string(unit)])
    }
}
