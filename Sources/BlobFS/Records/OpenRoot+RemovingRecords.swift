internal import BlobSystem
internal import ObjectStorage

extension OpenRoot {
    private static let keptGenerations = 3

    /// Every generation was flushed before it had its name; so the names are all there is to flush.
    func flush(_ key: Key) throws(StoreError) {
        guard try folders.existing(key.folder) != nil else { return }
        let folder = try folders.ensured(key.folder)
        if let later = try folders.enter(Generations.folderName(of: key), in: folder) {
            try flusher.flush(folder: later, since: .found)
        }
        try flusher.flush(folder: folder, since: .found)
    }

    /// Proposals, generations ascending, `K`, and the highest last: at no moment does an older generation show.
    /// The flushes between keep a power cut from reordering that.
    func remove(_ key: Key, _ deadline: any JobDeadline) throws(StoreError) {
        guard let folder = try folders.existing(key.folder) else { return }
        let later = try generations(of: key, in: folder)
        for proposal in later?.proposals ?? [] { try later?.folder.unlink(proposal.name) }
        for number in later?.numbers.dropLast() ?? [] { try later?.folder.unlink(String(number)) }
        // What is missing here already may have been taken away by a call whose flush failed.
        if let later { try flusher.flush(folder: later.folder, since: .found) }
        try deadline.expectTime(for: "the removal of \"\(key)\"")
        try folder.unlink(String(key.name))
        try flusher.flush(folder: folder, since: .found)
        guard let later else { return }
        if let highest = later.numbers.last {
            try later.folder.unlink(String(highest))
            try flusher.flush(folder: later.folder, since: .found)
        }
        // What else stands there is nobody's generation; then the folder stays.
        try? calls.removeDirectory(Generations.folderName(of: key), in: folder.raw)
        try flusher.flush(folder: folder, since: .found)
    }

    func age(ofRecord key: Key) throws(StoreError) -> Duration? {
        guard let folder = try folders.existing(key.folder) else { return nil }
        let later = try generations(of: key, in: folder)
        let current: FileStatus?
        if let later, let number = later.numbers.last {
            current = try later.folder.stored(String(number))
        } else {
            current = try folder.stored(String(key.name))
        }
        return current.map { info($0).age }
    }

    /// Takes old generations away, after the proposals for them and for those before them: a writer that was paused
    /// before its link must not bring a pruned generation back. Never the highest, and never `K`.
    ///
    /// A proposal that has been idle for long is its dead writer's. If that lives all the same, it finds it gone when
    /// it continues, and has lost.
    /// - Parameter idle: nil to leave proposals for what comes next alone.
    /// - Returns: what was, or would be, taken away.
    func prune(
        _ key: Key, in folder: OpenFile, idle: Duration?, removes: Bool
    ) throws(StoreError) -> [FormerVersion] {
        // Those that are being changed all the time have a writer to prune them.
        guard case .listed(let listed) = try look(atGenerationsOf: key, in: folder) else { return [] }
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
            guard let there = try listed.folder.stored(name) else { continue }
            let path = key.folder.text + Generations.folderName(of: key) + "/" + name
            found.append(FormerVersion(name: path, info: info(there)))
            if removes { try listed.folder.unlink(name) }
        }
        return found
    }

    private func isIdle(_ name: String, in folder: OpenFile, _ idle: Duration?) throws(StoreError) -> Bool {
        guard let idle, let there = try folder.stored(name) else { return false }
        return info(there).age > idle
    }
}
