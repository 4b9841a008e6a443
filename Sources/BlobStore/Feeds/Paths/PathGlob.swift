/// A pattern of package paths as a person writes it on a command line, e.g. `*.tmp`, `dists/**` or `lib-?.[0-9]*`.
///
/// `*` stands for any text within a segment, `?` for one character, `[a-z]` for one of some (`[!a-z]` for one of all
/// others), and the segment `**` for any number of segments; `\` takes the meaning from what follows it. A pattern
/// without a slash fits the last segment of a path, in any folder. One with a slash fits the whole path; a slash at
/// its beginning changes nothing else, and one at its end means everything below that folder.
public struct PathGlob: Sendable, Hashable, CustomStringConvertible {
    /// As it was written.
    public let text: String
    private let matcher: PathMatcher
    /// What a folder fits of which all that is below fits; nil where there is no such folder.
    private let folder: PathMatcher?

    /// Reads a pattern.
    /// - Throws: `invalidArgument` for what is no pattern, or can fit no path.
    public init(_ text: String) throws(StoreError) {
        do throws(Flaw) {
            self.text = text
            let segments = try Self.segments(text)
            matcher = PathMatcher(segments: segments)
            let isFolder = segments.count > 1 && segments.last == [.any] && segments[segments.count - 2] == nil
            let head = isFolder ? segments.dropLast(2) : segments.last == .some(nil) ? segments.dropLast() : []
            folder = head.isEmpty ? nil : PathMatcher(segments: Array(head))
        } catch {
            throw StoreError(
                .invalidArgument,
                "\"\(text.prefix(100))\" is not a pattern of package paths because \(error.sentence); write it as *.tgz, dir/** "
                    + "or lib-?.[0-9]*")
        }
    }

    public var description: String { text }

    /// Whether the text of a package path fits.
    public func matches(_ path: String) -> Bool { matcher.matches(path) }

    /// Whether it is certain that everything below a folder fits.
    func matchesAll(below folder: String) -> Bool { self.folder?.matchesFolder(folder) ?? false }
}

// MARK: - Reading one

extension PathGlob {
    /// What is wrong with a pattern: what follows "because".
    private struct Flaw: Error {
        let sentence: String
    }

    private static func segments(_ text: String) throws(Flaw) -> [[PathMatcher.Piece]?] {
        if text.isEmpty { throw Flaw(sentence: "it is empty") }
        if text.utf8.count > 1_024 { throw Flaw(sentence: "it is longer than 1024 bytes") }
        var parts = text.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).map(Array.init)
        let hasSlash = parts.count > 1
        if hasSlash && parts.first == [] { parts.removeFirst() }
        let isFolder = hasSlash && parts.last == []
        if isFolder { parts.removeLast() }
        if parts.isEmpty { throw Flaw(sentence: "it has an empty segment") }
        var segments: [[PathMatcher.Piece]?] = hasSlash ? [] : [nil]
        for part in parts { segments.append(try pieces(part)) }
        return isFolder ? segments + [nil, [.any]] : segments
    }

    /// Nil for `**`.
    private static func pieces(_ segment: [Unicode.Scalar]) throws(Flaw) -> [PathMatcher.Piece]? {
        if segment == ["*", "*"] { return nil }
        if segment.isEmpty { throw Flaw(sentence: "it has an empty segment") }
        if segment == ["."] || segment == [".", "."] { throw Flaw(sentence: "no path has the segment . or ..") }
        var pieces: [PathMatcher.Piece] = []
        var rest = segment[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\0": throw Flaw(sentence: "it has a null character")
            case "*":
                if pieces.last == .any { throw Flaw(sentence: "** does not stand alone between slashes in it") }
                pieces.append(.any)
            case "?": pieces.append(.one)
            case "[": pieces.append(try set(&rest))
            case "\\":
                guard let next = rest.popFirst() else { throw Flaw(sentence: "nothing follows a backslash in it") }
                pieces.append(.scalar(next))
            default: pieces.append(.scalar(scalar))
            }
        }
        return pieces
    }

    /// Reads the rest of a set. As its first sign `]` stands for itself, and so does `-` as its first or last.
    private static func set(_ rest: inout ArraySlice<Unicode.Scalar>) throws(Flaw) -> PathMatcher.Piece {
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        let isInverted = rest.first == "!" || rest.first == "^"
        if isInverted { rest.removeFirst() }
        while let first = rest.popFirst() {
            if first == "]" && !ranges.isEmpty { return .set(ranges, isInverted: isInverted) }
            let low = first == "\\" ? rest.popFirst() ?? first : first
            guard rest.first == "-", let last = rest.dropFirst().first, last != "]" else {
                ranges.append(low...low)
                continue
            }
            rest = rest.dropFirst(2)
            guard low <= last else { throw Flaw(sentence: "a range in brackets runs backwards in it") }
            ranges.append(low...last)
        }
        throw Flaw(sentence: "a bracket is not closed in it")
    }
}
