internal import Glibc

/// What the system lets this process have, and how much can be done at once with that.
/// - Source: getrlimit(2).
package enum ProcessLimits {
    /// More than any command opens.
    private static let openFilesWanted: rlim_t = 65_536
    /// For threads, folders, connections and the streams of the process.
    private static let openFilesKept: rlim_t = 192
    /// A source, a staged file, and the folders on the way to its places.
    private static let openFilesOfJob: rlim_t = 8
    private static let addressSpaceNeeded: rlim_t = 512 << 20
    private static let addressSpaceOfJob: rlim_t = 3 << 20

    /// Raises the number of files that may be open as far as this account may: many systems begin with 1,024, for the
    /// sake of programs of long ago. For whoever owns the process, before it opens any.
    package static func raiseOpenFiles() {
        guard var limit = limit(RLIMIT_NOFILE) else { return }
        let wanted = min(limit.rlim_max, openFilesWanted)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = wanted
        _ = setrlimit(resource(RLIMIT_NOFILE), &limit)
    }

    /// Whether the address space has a limit, so that nothing may be reserved in it that is not used.
    package static var hasAddressSpaceLimit: Bool { limited(RLIMIT_AS) != nil }

    /// What stands in the way of any work; nil where nothing does.
    ///
    /// Memory that is refused ends a process wherever it happens to be, so it is not begun with too little.
    package static var flaw: String? {
        guard let bytes = limited(RLIMIT_AS), bytes < addressSpaceNeeded else { return nil }
        return "the address space of this process is limited to \(bytes >> 20) MiB, and at least "
            + "\(addressSpaceNeeded >> 20) MiB are needed; raise the limit with ulimit -v"
    }

    /// At most so many of the jobs that were asked for fit the limits.
    package static func fitting(_ jobs: Int) -> Int {
        var fitting = rlim_t(max(jobs, 1))
        if let files = limited(RLIMIT_NOFILE) {
            fitting = min(fitting, (max(files, openFilesKept) - openFilesKept) / openFilesOfJob)
        }
        if let bytes = limited(RLIMIT_AS) {
            fitting = min(fitting, (max(bytes, addressSpaceNeeded) - addressSpaceNeeded) / addressSpaceOfJob)
        }
        return Int(max(fitting, 1))
    }

    private static func limited(_ kind: __rlimit_resource) -> rlim_t? {
        guard let limit = limit(kind), limit.rlim_cur != rlim_t.max else { return nil }
        return limit.rlim_cur
    }

    private static func limit(_ kind: __rlimit_resource) -> rlimit? {
        var limit = rlimit()
        return getrlimit(resource(kind), &limit) == 0 ? limit : nil
    }

    private static func resource(_ kind: __rlimit_resource) -> __rlimit_resource_t {
        __rlimit_resource_t(kind.rawValue)
    }
}
