internal import BlobStore
internal import BlobTerminal

extension Finding {
    /// The `finding` line.
    var line: JSONLine {
        JSONLine(
            "finding",
            [
                "kind": .string(kind.rawValue), "severity": .string(severity.rawValue),
                "feed": feed.map { .string($0.text) }, "key": .string(key),
                "packages": .array(packages.map { .string($0) }),
                "packageCount": packageCount > packages.count ? .integer(Int64(packageCount)) : nil,
                "message": .string(message),
            ])
    }

    /// The finding for people: what, where, and the first packages that it affects.
    var text: String {
        let place = feed.map { "feed \($0), " } ?? ""
        let heading = "\(severity.rawValue.uppercased())  \(kind.rawValue)  \(place)\(key.printable)"
        return Self.affecting("\(heading)\n  \(message.printable)", packages: packages, count: packageCount)
    }

    /// A sentence, and beneath it the first packages that it affects.
    static func affecting(_ sentence: String, packages: [String], count: Int) -> String {
        var lines = [sentence]
        for package in packages.prefix(shownPackages) { lines.append("  affects \(package.printable)") }
        let more = count - min(packages.count, shownPackages)
        if more > 0 { lines.append("  and \(counted(Int64(more), "more package"))") }
        return lines.joined(separator: "\n")
    }

    private static let shownPackages = 10
}

extension Finding.Severity {
    var tone: Tone {
        switch self {
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}

extension StoreError {
    /// The `error` line of something that could not be looked at.
    func line(_ feed: FeedName?, packages: [String]) -> JSONLine {
        JSONLine(
            "error",
            [
                "code": .string(code.rawValue), "message": .string(description),
                "feed": feed.map { .string($0.text) }, "packages": .array(packages.map { .string($0) }),
            ])
    }
}

extension CheckOperation.Summary {
    /// The `summary` line of a feed, or without one of all.
    func line(_ feed: FeedName?, _ options: CheckOperation.Options, time: Duration) -> JSONLine {
        // A dry run does not look at what was verified.
        let freshness = options.isDryRun ? nil : options.content.freshness
        return .summary(
            "check", of: feed, RunFacts(isComplete: complete, isDryRun: options.isDryRun, time: time),
            fields: [
                "packages": .integer(packages), "blobs": .integer(blobs), "bytes": .integer(bytes),
                "bytesRead": .integer(bytesRead), "missingBytes": missingBytes > 0 ? .integer(missingBytes) : nil,
                "freshBytes": freshness.map { _ in .integer(freshBytes) },
                "freshShare": freshness.flatMap { _ in freshShare }.map { .number($0) },
                "freshWithinSeconds": freshness.map { .integer($0.components.seconds) },
                "errors": .integer(errors), "warnings": .integer(warnings), "infos": .integer(infos),
            ])
    }

    func text(_ feed: FeedName) -> String { "feed \(feed): \(verdict.lowercased()), \(counts)" }

    /// How that word sounds.
    var tone: Tone { !complete ? .warning : errors > 0 ? .error : .good }

    /// One word for the whole.
    var verdict: String {
        if !complete { return "INCOMPLETE" }
        return errors > 0 ? "DAMAGED" : "GOOD"
    }

    var counts: String {
        "\(counted(packages, "package")), \(counted(blobs, "blob")), \(ByteSize(bytes: bytes).human) of content "
            + "(\(ByteSize(bytes: bytesRead).human) read), \(counted(errors, "error")), \(counted(warnings, "warning")), "
            + "\(counted(infos, "info"))"
    }
}

extension CheckOperation.Plan {
    /// The `plan` line of a dry run.
    func line(_ feed: FeedName) -> JSONLine {
        JSONLine(
            "plan",
            [
                "feed": .string(feed.text), "packages": .integer(packages), "blobs": .integer(blobs),
                "bytes": .integer(bytes), "requests": .integer(requests), "dryRun": .bool(true),
            ])
    }

    func text(_ feed: FeedName) -> String {
        "feed \(feed): \(counted(packages, "package")), \(counted(blobs, "blob")); would read "
            + "\(ByteSize(bytes: bytes).human) with \(counted(requests, "request"))"
    }
}
