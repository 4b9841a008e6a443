import BlobSystem

extension SimulatedDisk {
    /// What a share does otherwise than a disk.
    struct Share: Sendable {
        /// An SMB client holds a file open after it was closed, until that name goes, and cannot open another name of
        /// it meanwhile. The real one lets go after a second; here no waiting helps.
        var isSMB = false
        /// Closed by their owner, and still held.
        var held: [Name: UInt64] = [:]
        /// Names that were taken away while their file was open: an NFS client keeps those as `.nfs…`.
        var unlinkedWhileOpen: [String] = []
    }

    /// The same disk behind an SMB server.
    static func onSMB() -> SimulatedDisk {
        var state = State()
        state.share.isSMB = true
        return SimulatedDisk(state)
    }

    /// Gives every file of this name times that nobody set by a call of ours.
    func setTimes(_ modified: FileTime, _ accessed: FileTime?, of name: String) {
        state.withLock { state in
            for node in state.nodes.values.compactMap({ $0.names[name] }) {
                state.nodes[node]?.modified = modified
                state.nodes[node]?.accessed = accessed
            }
        }
    }

    var unlinkedWhileOpen: [String] { state.withLock { $0.share.unlinkedWhileOpen } }
}

extension SimulatedDisk.State {
    /// - Throws: EINVAL, as a client does that was told of one lease for two names.
    func expectNoOtherName(open name: SimulatedDisk.Name, of node: UInt64) throws(Errno) {
        guard share.isSMB else { return }
        let isOpen = handles.values.contains { $0.node == node && $0.name != nil && $0.name != name }
        if isOpen || share.held.contains(where: { $0.value == node && $0.key != name }) { throw .invalidArgument }
    }

    mutating func close(_ descriptor: Int32) {
        guard let handle = handles.removeValue(forKey: descriptor), share.isSMB, let name = handle.name else { return }
        if nodes[name.folder]?.names[name.name] == handle.node { share.held[name] = handle.node }
    }

    mutating func unlinked(_ name: SimulatedDisk.Name) {
        share.held[name] = nil
        if handles.values.contains(where: { $0.name == name }) { share.unlinkedWhileOpen.append(name.name) }
    }

    /// A server takes what is open along.
    mutating func renameHandles(_ old: SimulatedDisk.Name, _ new: SimulatedDisk.Name) {
        if let node = share.held.removeValue(forKey: old) { share.held[new] = node }
        for (descriptor, handle) in handles where handle.name == old { handles[descriptor]?.name = new }
    }
}
