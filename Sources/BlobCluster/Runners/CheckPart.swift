internal import BlobCrypto

/// A part of the check of a feed: its records, or the content whose digests begin with some bytes.
struct CheckPart: Sendable, Equatable {
    let feed: String
    /// Nil for the records.
    let bytes: ClosedRange<UInt8>?

    init(_ feed: String, _ bytes: ClosedRange<UInt8>?) {
        self.feed = feed
        self.bytes = bytes
    }

    /// Reads a shard's name.
    /// - Throws: `invalidArgument`.
    init(_ name: String) throws(StoreError) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let ends = parts.last?.split(separator: "-").map { CheckProgress.byte($0) } ?? []
        if parts.count == 2, parts[1] == "records" {
            self.init(String(parts[0]), nil)
        } else if parts.count == 2, ends.count == 2, let first = ends[0], let last = ends[1], first <= last {
            self.init(String(parts[0]), first...last)
        } else {
            throw StoreError(.invalidArgument, "\"\(name.prefix(80))\" is not a part of a check")
        }
    }

    /// e.g. `npm/records` or `npm/00-0f`
    var name: String {
        guard let bytes else { return "\(feed)/records" }
        return "\(feed)/\(Hex.text([bytes.lowerBound]))-\(Hex.text([bytes.upperBound]))"
    }
}

/// Up to where a part of the content was read, and what that came to: a checkpoint. What one holder found is not lost
/// when another resumes.
struct CheckProgress: Sendable, Equatable {
    /// The last first byte that is done.
    private(set) var reached: UInt8?
    private var bytesRead: Int64 = 0
    private var errors: Int64 = 0
    private var warnings: Int64 = 0
    private var isIncomplete = false

    init() {}

    /// Reads a checkpoint.
    /// - Throws: `corrupt`.
    init(_ text: String) throws(StoreError) {
        let words = text.split(separator: " ")
        let counts = words.dropFirst().compactMap { Int64($0) }.filter { $0 >= 0 }
        guard let byte = words.first.flatMap({ Self.byte($0) }), words.count == 5, counts.count == 4 else {
            throw StoreError(.corrupt, "\"\(text.prefix(80))\" is not a checkpoint of a check")
        }
        reached = byte
        (bytesRead, errors, warnings, isIncomplete) = (counts[0], counts[1], counts[2], counts[3] > 0)
    }

    /// This one, with what a check has done since.
    func adding(_ summary: CheckOperation.Summary, upTo byte: UInt8) -> CheckProgress {
        var next = self
        next.reached = byte
        next.bytesRead.add(stated: summary.bytesRead)
        next.errors.add(stated: summary.errors)
        next.warnings.add(stated: summary.warnings)
        next.isIncomplete = isIncomplete || !summary.complete
        return next
    }

    var text: String {
        "\(Hex.text([reached ?? 0])) \(bytesRead) \(errors) \(warnings) \(isIncomplete ? 1 : 0)"
    }

    var result: [String: Int64] {
        ["bytesRead": bytesRead, "errors": errors, "warnings": warnings, "incomplete": isIncomplete ? 1 : 0]
    }

    static func byte(_ text: some StringProtocol) -> UInt8? {
        text.utf8.count == 2 ? Hex.bytes(text.utf8)?.first : nil
    }
}
