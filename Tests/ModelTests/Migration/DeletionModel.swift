/// Deleting a root that a feed moved away from, while migrations move the feed to and fro: deleters, any of which may
/// believe that it holds the lease, and each of which may be paused at any step; and migrators.
///
/// There are two roots. What stands in them is one package, of which the catalog's root must always have the content.
struct DeletionModel: RuledModel {
    enum Rule: CaseIterable {
        /// The catalog says that a root is being deleted before anything of it goes.
        case marksFirst
        /// It is swapped to say so by one who holds the version under which it compared the roots.
        case holdsTheVersion
        /// Nothing is marked while a migration is under way.
        case sparesDestinations
        /// No migration begins to a root that is marked.
        case refusesMarkedRoots
        /// The mark stays until every run in it has said that it ended.
        case waitsForAllRuns
    }

    let deleters: Int
    /// How often a migration is begun.
    var migrations: UInt8 = 2
    /// How often a deletion is.
    var deletions: UInt8 = 2
    var without: Rule?

    struct Catalog: Hashable {
        var root = 0
        var isMigrating = false
        /// By root: whether it is a former one, whether it is marked, and whose runs stand in the mark.
        var isFormer = [false, false]
        var isMarked = [false, false]
        var runs: [Set<Int>] = [[], []]
    }

    struct Deleter: Hashable {
        enum Step: UInt8 { case idle, mark, check, remove, finish }
        var step = Step.idle
        var target = 0
        var holdsVersion = false
    }

    struct Migrator: Hashable {
        enum Step: UInt8 { case idle, begin, copy, cutOver }
        var step = Step.idle
        var source = 0
        var holdsVersion = false
    }

    struct State: Hashable {
        var catalog = Catalog()
        var hasContent = [true, false]
        var migrationsLeft: UInt8
        var deletionsLeft: UInt8
        var deleters: [Deleter]
        var migrator = Migrator()

        mutating func swap(_ catalog: Catalog) {
            self.catalog = catalog
            for index in deleters.indices { deleters[index].holdsVersion = false }
            migrator.holdsVersion = false
        }
    }

    func search() -> Finding {
        let start = State(
            migrationsLeft: migrations, deletionsLeft: deletions,
            deleters: Array(repeating: Deleter(), count: deleters))
        return searchEveryState(
            from: start,
            moves: { state, moves in
                for index in state.deleters.indices { delete(state, index, &moves) }
                migrate(state, &moves)
            },
            flaw: { $0.hasContent[$0.catalog.root] ? nil : "what the feed's root held was deleted" },
            describe: { "root \($0.catalog.root), content in \($0.hasContent), runs \($0.catalog.runs.map(\.count))" })
    }

    private func migrate(_ state: State, _ moves: inout [Move<State>]) {
        var next = state
        var me = state.migrator
        let goal = 1 - me.source
        func add(_ label: StaticString) {
            next.migrator = me
            moves.append(Move(state: next, process: 0, label: label))
        }
        switch me.step {
        case .idle:
            let isClosed = state.catalog.isMarked[1 - state.catalog.root] && without != .refusesMarkedRoots
            if state.migrationsLeft == 0 || isClosed { return }
            next.migrationsLeft -= 1
            me = Migrator(step: .begin, source: state.catalog.root, holdsVersion: true)
            add("reads the catalog, and finds the other root open")
        case .begin:
            if me.holdsVersion {
                var catalog = state.catalog
                catalog.isMigrating = true
                next.swap(catalog)
                me.step = .copy
            } else {
                me = Migrator()
            }
            add("begins a migration, if the catalog is still the same")
        case .copy:
            next.hasContent[goal] = next.hasContent[goal] || state.hasContent[me.source]
            me.step = .cutOver
            add("copies")
        case .cutOver:
            var catalog = state.catalog
            catalog.root = goal
            catalog.isMigrating = false
            catalog.isFormer = [goal == 1, goal == 0]
            next.swap(catalog)
            me = Migrator()
            add("points the feed at the destination")
        }
    }

    private func delete(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        var me = state.deleters[index]
        func add(_ label: StaticString) {
            next.deleters[index] = me
            moves.append(Move(state: next, process: 1 + index, label: label))
        }
        switch me.step {
        case .idle:
            let target = 1 - state.catalog.root
            let isSpared = state.catalog.isMigrating && without != .sparesDestinations
            guard state.deletionsLeft > 0, state.catalog.isFormer[target], !isSpared else { return }
            next.deletionsLeft -= 1
            me = Deleter(step: without == .marksFirst ? .remove : .mark, target: target, holdsVersion: true)
            add("compares the roots")
        case .mark:
            if me.holdsVersion || without == .holdsTheVersion {
                var catalog = state.catalog
                catalog.isMarked[me.target] = true
                catalog.runs[me.target].insert(index)
                next.swap(catalog)
                me.step = .check
            } else {
                me = Deleter()
            }
            add("marks the root, if the catalog is still the same")
        case .check:
            let isMine = state.catalog.runs[me.target].contains(index) && state.catalog.root != me.target
            if isMine { me.step = .remove } else { me = Deleter() }
            add("looks whether its run stands in the mark")
        case .remove:
            next.hasContent[me.target] = false
            me.step = .finish
            add("removes")
        case .finish:
            next.swap(unmarked(state.catalog, me.target, index))
            me = Deleter()
            add("says that it ended")
        }
    }

    /// The catalog after a run has ended. The last one forgets the root.
    private func unmarked(_ catalog: Catalog, _ target: Int, _ index: Int) -> Catalog {
        var next = catalog
        next.runs[target].remove(index)
        if next.runs[target].isEmpty || without == .waitsForAllRuns {
            next.isMarked[target] = false
            next.isFormer[target] = false
            next.runs[target] = []
        }
        return next
    }
}
