/// What is directly in a folder that a rule names, as it was looked at.
struct FolderChild: Sendable, Equatable {
    /// From the top of the feed; a folder's with a slash at its end.
    let path: String
    /// When anything was published in it for the last time; nil where all of it is deleted.
    private(set) var latest: Timestamp?
    /// Whether it stays whatever its age: somebody restored something in it, or a clock was wrong.
    private(set) var isExempt = false
    /// Differs as soon as any of its packages is another, or was written anew.
    private var fingerprint = 0

    init(_ path: String) { self.path = path }

    var isFolder: Bool { path.utf8.last == UInt8(ascii: "/") }

    /// Adds a package. Packages come in key order.
    /// - Parameter now: a publication after that time is one in the future.
    mutating func add(_ stored: Stored<PackageRecord>, now: Timestamp) {
        let record = stored.body
        if record.deleted != nil { return }
        latest = max(latest ?? record.published, record.published)
        isExempt = isExempt || record.restored != nil || record.published > now
        var hasher = Hasher()
        hasher.combine(fingerprint)
        hasher.combine(stored.document.revision)
        fingerprint = hasher.finalize()
    }

    /// The name of what is directly in a folder and on the way to a path, in that form.
    /// - Parameter folder: with a slash at its end.
    static func path(in folder: String, to path: PackagePath) -> String {
        let rest = path.text.utf8.dropFirst(folder.utf8.count)
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return path.text }
        return String(Substring(path.text.utf8[...slash]))
    }
}

extension [FolderChild] {
    /// Those that go where the newest few stay: all that are older than the last of these, so that of children of the
    /// same time either all stay or all go. What is exempt stays, and takes no other's place.
    func older(keeping newest: Int) -> [FolderChild] {
        let candidates = filter { !$0.isExempt && $0.latest != nil }
        let times = candidates.compactMap(\.latest).sorted(by: >)
        guard newest > 0, times.count > newest else { return [] }
        let last = times[newest - 1]
        return candidates.filter { child in child.latest.map { $0 < last } ?? false }
    }
}
