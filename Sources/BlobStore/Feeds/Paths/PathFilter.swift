/// Which package paths are wanted: those that fit a pattern to include, or all where there is none, without those that
/// fit one to exclude. The order of the patterns does not matter.
public struct PathFilter: Sendable, Equatable {
    /// One of these must fit; none for all paths.
    public var including: [PathGlob]
    /// None of these must fit.
    public var excluding: [PathGlob]

    /// A filter; without arguments, one that admits all paths.
    public init(including: [PathGlob] = [], excluding: [PathGlob] = []) {
        self.including = including
        self.excluding = excluding
    }

    /// Whether it admits all paths.
    public var isEmpty: Bool { including.isEmpty && excluding.isEmpty }

    /// Whether the text of a path is wanted.
    public func admits(_ path: String) -> Bool {
        if isEmpty { return true }
        if excluding.contains(where: { $0.matches(path) }) { return false }
        return including.isEmpty || including.contains { $0.matches(path) }
    }

    /// Whether it is certain that nothing below a folder is wanted.
    func excludesAll(below folder: String) -> Bool { excluding.contains { $0.matchesAll(below: folder) } }
}
