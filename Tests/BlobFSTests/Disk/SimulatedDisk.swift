import BlobSystem

/// A filesystem in memory whose power can be cut: content survives only when its file was flushed, names only when
/// their folder was.
///
/// What was not flushed may survive all the same, as on a real disk: each of it by the toss of a coin.
final class SimulatedDisk: Sendable {
    struct Node: Sendable {
        var isFolder: Bool
        var permissions: UInt32
        var modified: FileTime
        var accessed: FileTime?
        var bytes: [UInt8] = []
        var names: [String: UInt64] = [:]
        /// What a power cut leaves; nil when nothing was flushed yet.
        var durableBytes: [UInt8]?
        var durableNames: [String: UInt64] = [:]
        /// What the kernel believes to be on the disk: a flush writes what differs from that.
        var cleanNames: [String: UInt64] = [:]
        /// Whether a flush of its content failed: what that one covered is never written.
        var isSpoiled = false
    }

    struct Handle: Sendable {
        let node: UInt64
        var listed: [String]?
        /// The file's name that was opened, and the folder that it stands in.
        var name: Name?
    }

    struct Name: Hashable, Sendable {
        let folder: UInt64
        let name: String
    }

    /// A name that went from one folder to another: a journal keeps both changes or none.
    struct Rename: Sendable {
        let node: UInt64
        let source: (folder: UInt64, name: String)
        let target: (folder: UInt64, name: String)
        /// Whether the new name was still there when the power was cut.
        var isStanding = true
    }

    struct State: Sendable {
        var nodes: [UInt64: Node] = [
            1: Node(isFolder: true, permissions: 0o755, modified: FileTime(seconds: 0, nanoseconds: 0))
        ]
        var handles: [Int32: Handle] = [:]
        var lastNode: UInt64 = 1
        var lastHandle: Int32 = 100
        var ticks: Int64 = 1
        /// Calls that the power still lasts for; nil for ever.
        var callsLeft: Int?
        var calls = 0
        var flushes = 0
        /// The flush that is to fail, counted from 0; the next one succeeds.
        var failingFlush: Int?
        /// Since the last power cut.
        var renames: [Rename] = []
        var share = Share()
    }

    static let rootPath = "/disk"
    let state: Monitor<State>

    init(_ state: State = State()) { self.state = Monitor(state) }

    /// Lets the power go after so many more calls; from then on every call fails.
    func cutPower(after calls: Int) { state.withLock { $0.callsLeft = calls } }

    /// Lets one flush fail, so many flushes from now: what it covered is lost, and later ones do not tell.
    func failFlush(after flushes: Int) {
        state.withLock { state in
            state.flushes = 0
            state.failingFlush = flushes
        }
    }

    /// Whether the flush that was to fail has failed.
    var hasFailedFlush: Bool { state.withLock { state in state.failingFlush.map { state.flushes > $0 } ?? false } }

    var callCount: Int { state.withLock { $0.calls } }

    /// The disk after a power cut.
    /// - Parameter survives: asked for each change that was not flushed.
    func restarted(_ survives: () -> Bool) -> SimulatedDisk {
        var after = state.withLock { $0 }
        for index in after.renames.indices {
            let (rename, target) = (after.renames[index], after.renames[index].target)
            after.renames[index].isStanding = after.nodes[target.folder]?.names[target.name] == rename.node
        }
        after.handles = [:]
        after.callsLeft = nil
        after.failingFlush = nil
        for (id, node) in after.nodes.sorted(by: { $0.key < $1.key }) {
            var node = node
            if node.durableBytes != node.bytes, !survives() {
                // Never a clean older content that nobody wrote: an unflushed file may hold anything.
                node.bytes = node.durableBytes ?? Array(node.bytes.prefix(node.bytes.count / 2))
            }
            var names = node.durableNames
            for name in Set(names.keys).union(node.names.keys).sorted() where names[name] != node.names[name] {
                if survives() { names[name] = node.names[name] }
            }
            node.names = names
            node.durableNames = names
            node.cleanNames = names
            node.isSpoiled = false
            node.durableBytes = node.bytes
            after.nodes[id] = node
        }
        after.finishRenames()
        return SimulatedDisk(after)
    }
}

extension SimulatedDisk.State {
    /// Of a rename that came through by half the other half is done, too.
    fileprivate mutating func finishRenames() {
        for rename in renames {
            let (source, target) = (rename.source, rename.target)
            let isGone = nodes[source.folder]?.names[source.name] != rename.node
            let isThere = nodes[target.folder]?.names[target.name] == rename.node
            if isGone && !isThere && rename.isStanding {
                nodes[target.folder]?.names[target.name] = rename.node
                nodes[target.folder]?.durableNames[target.name] = rename.node
            } else if isThere && !isGone {
                nodes[source.folder]?.names[source.name] = nil
                nodes[source.folder]?.durableNames[source.name] = nil
            }
        }
        renames = []
    }

    /// Takes one call's worth of power.
    mutating func spend() throws(Errno) {
        if let left = callsLeft {
            if left == 0 { throw .inputOutput }
            callsLeft = left - 1
        }
        calls += 1
        ticks += 1
    }

    var now: FileTime { FileTime(seconds: 1_800_000_000 + ticks, nanoseconds: 0) }

    mutating func touch(_ node: UInt64, _ moment: FileTime? = nil) {
        let now = now
        nodes[node]?.modified = moment ?? now
    }

    /// One flush, of one node or of all.
    mutating func flush(_ ids: [UInt64]) throws(Errno) {
        flushes += 1
        let fails = failingFlush == flushes - 1
        for id in ids { flush(id, fails: fails) }
        if fails { throw .inputOutput }
    }

    private mutating func flush(_ id: UInt64, fails: Bool) {
        guard var node = nodes[id] else { return }
        if fails && node.durableBytes != node.bytes { node.isSpoiled = true }
        if !node.isSpoiled { node.durableBytes = node.bytes }
        if !fails {
            for name in Set(node.names.keys).union(node.cleanNames.keys) where node.names[name] != node.cleanNames[name]
            {
                node.durableNames[name] = node.names[name]
            }
        }
        node.cleanNames = node.names
        nodes[id] = node
    }

    func handle(_ descriptor: Int32) throws(Errno) -> UInt64 {
        guard let handle = handles[descriptor] else { throw .badDescriptor }
        return handle.node
    }

    mutating func open(_ node: UInt64, as name: SimulatedDisk.Name? = nil) -> Int32 {
        lastHandle += 1
        handles[lastHandle] = SimulatedDisk.Handle(node: node, name: name)
        return lastHandle
    }

    func find(_ path: String, from folder: UInt64) throws(Errno) -> UInt64 {
        var node = folder
        for name in path.split(separator: "/") where name != "." {
            guard nodes[node]?.isFolder == true else { throw .notDirectory }
            guard let next = nodes[node]?.names[String(name)] else { throw .notFound }
            node = next
        }
        return node
    }

    mutating func create(_ name: String, in folder: UInt64, isFolder: Bool, mode: UInt32) throws(Errno) -> UInt64 {
        if nodes[folder]?.names[name] != nil { throw .exists }
        lastNode += 1
        nodes[lastNode] = SimulatedDisk.Node(isFolder: isFolder, permissions: mode, modified: now)
        nodes[folder]?.names[name] = lastNode
        touch(folder)
        return lastNode
    }

    func status(_ id: UInt64) throws(Errno) -> FileStatus {
        guard let node = nodes[id] else { throw .stale }
        let links = nodes.values.reduce(0) { $0 + $1.names.values.count { $0 == id } }
        return FileStatus(
            identity: .init(device: 1, inode: id), kind: node.isFolder ? .directory : .file,
            permissions: node.permissions, owner: 1_000, group: 1_000, sizeBytes: Int64(node.bytes.count),
            linkCount: UInt64(links), modified: node.modified, accessed: node.accessed)
    }
}
