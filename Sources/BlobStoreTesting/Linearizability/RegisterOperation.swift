/// One operation on a compare-and-swap register, as its client saw it.
///
/// Values are the clients' own names for what they wrote, each used once; nil stands for absent.
public struct RegisterOperation: Sendable, Equatable, CustomStringConvertible {
    /// What was asked for.
    public enum Action: Sendable, Equatable {
        case read
        case write(String, expecting: String?)
    }

    /// What came of it.
    public enum Outcome: Sendable, Equatable {
        /// A read: the value it returned.
        case value(String?)
        case won
        case lost
        /// Nobody knows: it may take effect at any time after its begin, or never.
        case unknown
    }

    /// Who did it.
    public var client: String
    /// What it did.
    public var action: Action
    /// What it was told.
    public var outcome: Outcome
    /// Monotonic time, in nanoseconds, before the operation began.
    public var begunAt: UInt64
    /// The same after it returned.
    public var endedAt: UInt64

    /// An operation, with the times at which it began and ended.
    public init(client: String, action: Action, outcome: Outcome, begunAt: UInt64, endedAt: UInt64) {
        self.client = client
        self.action = action
        self.outcome = outcome
        self.begunAt = begunAt
        self.endedAt = endedAt
    }

    /// Whether it is a write that its client was told to have won.
    public var isSuccessfulWrite: Bool { outcome == .won }

    /// The register's value after it, if it takes effect now, where `current` stands; nil when that cannot be.
    func effect(on current: String?) -> Effect? {
        switch (action, outcome) {
        case (.read, .value(let value)): value == current ? Effect(value: current) : nil
        case (.read, _): Effect(value: current)
        case (.write(let value, let expected), .won): expected == current ? Effect(value: value) : nil
        case (.write(_, let expected), .lost): expected != current ? Effect(value: current) : nil
        case (.write(let value, let expected), _): Effect(value: expected == current ? value : current)
        }
    }

    struct Effect { let value: String? }

    public var description: String {
        let what =
            switch (action, outcome) {
            case (.read, .value(let value)): "read \(value ?? "nothing")"
            case (.read, _): "read, and got no answer"
            case (.write(let value, let expected), let outcome):
                "wrote \(value) over \(expected ?? "nothing"): \(outcome)"
            }
        return "\(client) \(what) [\(begunAt)…\(endedAt)]"
    }
}

extension RegisterOperation {
    /// One line of text, for histories of several processes.
    public var line: String {
        let (kind, value, expected): (String, String, String) =
            switch action {
            case .read: ("read", "-", "-")
            case .write(let value, let expected): ("write", value, expected ?? "-")
            }
        let result =
            switch outcome {
            case .value(let value): "=\(value ?? "-")"
            case .won: "won"
            case .lost: "lost"
            case .unknown: "unknown"
            }
        return [client, kind, value, expected, result, "\(begunAt)", "\(endedAt)"].joined(separator: " ")
    }

    /// Reads what ``line`` wrote; nil for anything else.
    public init?(line: some StringProtocol) {
        let parts = line.split(separator: Character(" ")).map { String($0) }
        guard parts.count == 7, let begunAt = UInt64(parts[5]), let endedAt = UInt64(parts[6]) else { return nil }
        let named = { (text: String) in text == "-" ? nil : text }
        let outcome: Outcome
        switch parts[4] {
        case "won": outcome = .won
        case "lost": outcome = .lost
        case "unknown": outcome = .unknown
        case let text where text.hasPrefix("="): outcome = .value(named(String(text.dropFirst())))
        default: return nil
        }
        switch parts[1] {
        case "read": action = .read
        case "write": action = .write(parts[2], expecting: named(parts[3]))
        default: return nil
        }
        (client, self.outcome, self.begunAt, self.endedAt) = (parts[0], outcome, begunAt, endedAt)
    }
}
