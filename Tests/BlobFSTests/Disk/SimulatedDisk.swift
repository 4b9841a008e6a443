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
        var bytes: [UInt8] = []
        var names: [String: UInt64] = [:]
        /// What a power cut leaves; nil when nothing was flushed yet.
        var durableBytes: [UInt8]?
        var durableNames: [String: UInt64] = [:]
    }

    struct Handle: Sendable {
        let node: UInt64
        var listed: [String]?
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
    }

    static let rootPath = "/disk"
    let state: Monitor<State>

    init(_ state: State = State()) { self.state = Monitor(state) }

    /// Lets the power go after so many more calls; from then on every call fails.
    func cutPower(after calls: Int) { state.withLock { $0.callsLeft = calls } }

    var callCount: Int { state.withLock { $0.calls } }

    /// The disk after a power cut.
    /// - Parameter survives: asked for each change that was not flushed.
    func restarted(_ survives: () -> Bool) -> SimulatedDisk {
        var after = state.withLock { $0 }
        after.handles = [:]
        after.callsLeft = nil
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
            node.durableBytes = node.bytes
            after.nodes[id] = node
        }
        return SimulatedDisk(after)
    }
}

extension SimulatedDisk.State {
    /// Takes one call's worth of power.
    mutating func spend() throws(Errno) {
        if let left = callsLeft {
            if left == 0 { throw .inputOutput }
            callsLeft = left - 1
        }
        calls += 1
        ticks += 1
    }

    var now: FileTime { FileTime(seconds: 1_000_000 + ticks, nanoseconds: 0) }

    mutating func touch(_ node: UInt64, _ moment: FileTime? = nil) {
        let now = now
        nodes[node]?.modified = moment ?? now
    }

    mutating func flush(_ id: UInt64) {
        guard var node = nodes[id] else { return }
        node.durableBytes = node.bytes
        node.durableNames = node.names
        nodes[id] = node
    }

    func handle(_ descriptor: Int32) throws(Errno) -> UInt64 {
        guard let handle = handles[descriptor] else { throw .badDescriptor }
        return handle.node
    }

    mutating func open(_ node: UInt64) -> Int32 {
        lastHandle += 1
        handles[lastHandle] = SimulatedDisk.Handle(node: node)
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
            linkCount: UInt64(links), modified: node.modified)
    }
}
