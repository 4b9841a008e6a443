internal import BlobStore
internal import BlobSystem
internal import Synchronization

/// What a filesystem was measured to be able to do.
struct Abilities: Sendable, Equatable {
    /// `link` works, so that a name is taken by exactly one of many writers.
    var links: Bool
    /// Files can be created here.
    var writes: Bool
}

extension RootFiles {
    /// Measures with files of its own in `staging/`, once.
    func measure() throws(StoreError) -> Abilities {
        if let known = abilities.withLock({ $0 }) { return known }
        let found = try tryOut()
        abilities.withLock { $0 = found }
        return found
    }

    private func tryOut() throws(StoreError) -> Abilities {
        let staged: StagedFile
        do { staged = try staging.create() } catch {
            guard error.code == .readOnly || error.code == .permissionDenied else { throw error }
            clock.setByThisMachine()
            return Abilities(links: true, writes: false)
        }
        if let status = try staged.file?.status() { clock.set(by: status) }
        let second = staged.name + ".link"
        do {
            try calls.link(staged.name, in: staged.directory.raw, to: second, in: staged.directory.raw)
        } catch {
            if error.meansNoLinks { return Abilities(links: false, writes: true) }
            throw StoreError(error, call: "linkat", "a link in staging/")
        }
        try staged.directory.unlink(second)
        return Abilities(links: true, writes: true)
    }

    /// What can be promised, as far as it is known without writing anything.
    func capabilities() -> Capabilities {
        let found = abilities.withLock { $0 }
        var advice: [String] = []
        if found?.links == false {
            advice.append(
                "this mount has no hard links: let one process at a time write to it, or use another filesystem")
        }
        if found?.writes == false {
            advice.append("this account cannot write here: ages are told by this machine's clock")
        }
        if root.modes.folder & 0o020 == 0 {
            advice.append(
                "only the owner may write here: to let nodes under other accounts in, give the root directory a "
                    + "common group and chmod g+ws")
        }
        return Capabilities(
            sharedWriters: found?.links ?? true, atomicMove: found?.links ?? true,
            copyWithoutBytes: found?.links ?? true, advice: advice)
    }
}

extension Errno {
    /// Whether `link` answers so where the filesystem has no hard links.
    var meansNoLinks: Bool {
        switch self {
        case .notPermitted, .notSupported, .noSuchCall, .tooManyLinks: true
        default: false
        }
    }
}
