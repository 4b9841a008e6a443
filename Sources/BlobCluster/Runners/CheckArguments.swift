extension CheckRunner {
    /// What a check needs to know.
    /// - Parameter feed: nil for all feeds.
    public static func arguments(_ feed: FeedName?, _ content: ContentLevel) -> [String: String] {
        var arguments: [String: String] = [:]
        arguments["feed"] = feed?.text
        switch content {
        case .none: arguments["content"] = "none"
        case .all: arguments["content"] = "all"
        case .share(let percent):
            arguments["content"] = "share"
            arguments["percent"] = "\(percent)"
        case .subset(let part, let of):
            arguments["content"] = "subset"
            arguments["part"] = "\(part)"
            arguments["of"] = "\(of)"
        case .unverified(let age):
            arguments["content"] = "unverified"
            arguments["seconds"] = "\(age.components.seconds)"
        case .due(let within, let every):
            arguments["content"] = "due"
            arguments["seconds"] = "\(within.components.seconds)"
            arguments["every"] = "\(every.components.seconds)"
        }
        return arguments
    }
}

extension ContentLevel {
    /// Reads what ``CheckRunner/arguments(_:_:)`` wrote; no content where nothing is said.
    /// - Throws: `invalidArgument`.
    init(arguments: [String: String]) throws(StoreError) {
        switch arguments["content"] {
        case nil, "none": self = .none
        case "all": self = .all
        case "share":
            guard let percent = arguments["percent"].flatMap({ Double($0) }), percent > 0, percent <= 100 else {
                throw Self.flaw(arguments)
            }
            self = .share(percent: percent)
        case "subset":
            guard let part = arguments["part"].flatMap({ UInt32($0) }), part > 0,
                let of = arguments["of"].flatMap({ UInt32($0) }), part <= of
            else { throw Self.flaw(arguments) }
            self = .subset(part: part, of: of)
        case "unverified": self = .unverified(try Self.time("seconds", arguments))
        case "due":
            self = .due(within: try Self.time("seconds", arguments), every: try Self.time("every", arguments))
        default: throw Self.flaw(arguments)
        }
    }

    private static func time(_ name: String, _ arguments: [String: String]) throws(StoreError) -> Duration {
        guard let seconds = arguments[name].flatMap({ Int64($0) }), (0...100_000 * 366 * 86_400).contains(seconds)
        else {
            throw flaw(arguments)
        }
        return .seconds(max(1, seconds))
    }

    private static func flaw(_ arguments: [String: String]) -> StoreError {
        let said = arguments.filter { $0.key != "feed" }.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return StoreError(
            .invalidArgument, "\"\(said.joined(separator: " ").prefix(80))\" does not say how much content to check")
    }
}
