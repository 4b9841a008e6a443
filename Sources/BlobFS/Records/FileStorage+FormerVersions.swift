public import BlobStore
internal import BlobSystem

extension FileStorage: FormerVersions {
    public func recordAge(_ key: Key) async throws(StoreError) -> Duration? {
        try key.expectRecord()
        return try await blocking("recordAge", key) { (files, _) throws(StoreError) in try files.age(ofRecord: key) }
    }

    public func formerVersions(
        of keys: [Key], idle: Duration, removing: Bool
    ) async throws(StoreError) -> [FormerVersion] {
        try await blocking("formerVersions", keys.first) { (files, patience) throws(StoreError) in
            var found: [FormerVersion] = []
            for key in keys {
                try key.expectRecord()
                if patience.isOver { throw StoreError(.unavailable, "the pruning of records was given up") }
                guard let folder = try files.folders.existing(key.folder) else { continue }
                found += try files.prune(key, in: folder, idle: idle, removes: removing)
            }
            return found
        }
    }
}

extension RootFiles {
    private static let keptGenerations = 3

    fileprivate func age(ofRecord key: Key) throws(StoreError) -> Duration? {
        guard let folder = try folders.existing(key.folder) else { return nil }
        let later = try generations(of: key, in: folder)
        let current: (file: OpenFile, status: FileStatus)?
        if let later, let number = later.numbers.last {
            current = try later.folder.openStored(String(number))
        } else {
            current = try folder.openStored(String(key.name))
        }
        guard let current else { return nil }
        return try info(current.status).age
    }

    /// Takes old generations away, after the proposals for them and for those before them: a writer that was paused
    /// before its link must not bring a pruned generation back. Never the highest, and never `K`.
    ///
    /// A proposal that has been idle for long is its dead writer's. Should he live all the same, he finds it gone when
    /// he goes on, and has lost.
    /// - Parameter idle: nil to leave proposals for what comes next alone.
    /// - Returns: what was, or would be, taken away.
    func prune(
        _ key: Key, in folder: OpenFile, idle: Duration?, removes: Bool
    ) throws(StoreError) -> [FormerVersion] {
        guard let listed = try settledGenerations(of: key, in: folder) else { return [] }
        let old = listed.numbers.dropLast(Self.keptGenerations)
        let last = old.last ?? Generations.first
        var names: [String] = []
        for proposal in listed.proposals {
            let isOver = proposal.target <= last ? true : try isIdle(proposal.name, in: listed.folder, idle)
            if isOver { names.append(proposal.name) }
        }
        names += old.map { String($0) }
        var found: [FormerVersion] = []
        for name in names {
            guard let there = try listed.folder.openStored(name) else { continue }
            let path = key.folder.text + Generations.folderName(of: key) + "/" + name
            found.append(FormerVersion(name: path, info: try info(there.status)))
            if removes { try listed.folder.unlink(name) }
        }
        return found
    }

    private func isIdle(_ name: String, in folder: OpenFile, _ idle: Duration?) throws(StoreError) -> Bool {
        guard let idle, let there = try folder.openStored(name) else { return false }
        return try info(there.status).age > idle
    }

    /// The generations, unless they are being changed all the time: then there is a writer to prune them.
    private func settledGenerations(of key: Key, in folder: OpenFile) throws(StoreError) -> Generations? {
        do { return try generations(of: key, in: folder) } catch {
            guard Generations.isChanging(error) else { throw error }
            return nil
        }
    }
}
