/// Migrations of one feed between two roots: publishers, each with a path of its own; migrators, of which any number
/// may believe that they hold the lease; and one who gives migrations up.
///
/// Of the catalog's versions (as far as they concern the migration) and of its epochs it is known only who holds the
/// current one. A package's record is the publication that it tells of, and which write of it, since no two writes
/// are the same: one that nobody remembers is as good as new.
struct MigrationModel: RuledModel {
    enum Rule: CaseIterable {
        /// A publisher reads the catalog again before it reports.
        case looksAtTheCatalogAgain
        /// It compares the epoch, not the root and the state: a feed may come back.
        case comparesEpochs
        /// The last listing begins after the swap to "migrating".
        case listsAfterTheSwap
        /// The catalog is swapped only by one who holds its version.
        case holdsTheVersion
        /// A migrator replaces at the destination only what it read there.
        case replacesWhatItRead
        /// Who goes on with what another began swaps the catalog, so that the other knows.
        case takesOver
        /// A migrator makes sure that it still holds the catalog's version.
        case checksTheCatalog
        /// It does so after it has read both roots.
        case checksAfterReading
    }

    struct Record: Hashable {
        /// 0: there is none.
        var round: UInt8 = 0
        var write: UInt8 = 0
    }

    /// How often each publisher publishes.
    let rounds: [UInt8]
    let migrators: Int
    /// How often a migration is begun or taken over.
    let runs: UInt8
    let canAbort: Bool
    var without: Rule?

    struct Catalog: Hashable {
        /// Copying: the goal is known, and writers are served. Held: writers are refused.
        enum Phase: UInt8 { case active, copying, held }
        var root = 0
        var phase = Phase.active
    }

    struct Publisher: Hashable {
        enum Step: UInt8 { case readCatalog, write, checkEpoch, done }
        var step = Step.readCatalog
        var root = 0
        var isEpochCurrent = false
        var round: UInt8 = 1
        var reported: UInt8 = 0
    }

    struct Migrator: Hashable {
        enum Step: UInt8 { case idle, read, write, swap, cutOver }
        var step = Step.idle
        var source = 0
        var holdsVersion = false
        var isLastPass = false
        var path = 0
        /// How many of the three readings of this path are done.
        var readings = 0
        var here = Record()
        var there = Record()
    }

    struct State: Hashable {
        var catalog = Catalog()
        var runsLeft: UInt8
        /// The records by root and path.
        var records: [[Record]]
        var publishers: [Publisher]
        var migrators: [Migrator]

        /// A swap of the catalog: every version that was held is of the past, and epochs if it grew.
        mutating func swap(_ catalog: Catalog, epochGrows: Bool) {
            self.catalog = catalog
            for index in migrators.indices { migrators[index].holdsVersion = false }
            guard epochGrows else { return }
            for index in publishers.indices { publishers[index].isEpochCurrent = false }
        }
    }

    func search() -> Finding {
        let nothing = [Record](repeating: Record(), count: rounds.count)
        let start = State(
            runsLeft: runs, records: [nothing, nothing], publishers: rounds.map { _ in Publisher() },
            migrators: Array(repeating: Migrator(), count: migrators))
        return searchEveryState(from: start, moves: addMoves, flaw: flaw, describe: describe)
    }

    private func flaw(_ state: State) -> String? {
        let now = state.records[state.catalog.root]
        let isLost = state.publishers.indices.contains { state.publishers[$0].reported > now[$0].round }
        return isLost ? "what was reported published is not where the catalog says" : nil
    }

    private func describe(_ state: State) -> String {
        "root \(state.catalog.root) \(state.catalog.phase), records \(state.records.map { $0.map { "\($0.round).\($0.write)" } })"
    }

    private func addMoves(_ state: State, _ moves: inout [Move<State>]) {
        for index in state.publishers.indices { publish(state, index, &moves) }
        for index in state.migrators.indices { migrate(state, index, &moves) }
        guard canAbort && state.catalog.phase != .active else { return }
        var next = state
        next.swap(Catalog(root: state.catalog.root), epochGrows: true)
        moves.append(Move(state: next, process: 20, label: "gives the migration up"))
    }
}

extension MigrationModel {
    private func publish(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        var me = state.publishers[index]
        func add(_ label: StaticString) {
            next.publishers[index] = me
            moves.append(Move(state: next, process: index, label: label))
        }
        switch me.step {
        case .readCatalog where state.catalog.phase != .held:
            me.root = state.catalog.root
            me.isEpochCurrent = true
            me.step = .write
            add("reads where the feed is")
        case .write:
            if state.records[me.root][index].round < me.round {
                next.records[me.root][index] = unknown(me.round, of: index, in: state)
            }
            me.step = .checkEpoch
            if without == .looksAtTheCatalogAgain { report(&me, index) }
            add("writes the record")
        case .checkEpoch:
            let looksSame = state.catalog.root == me.root && state.catalog.phase != .held
            if without == .comparesEpochs ? looksSame : me.isEpochCurrent {
                report(&me, index)
                add("sees no change, and reports")
            } else {
                me.step = .readCatalog
                add("sees a change, and starts over")
            }
        case .readCatalog, .done: break
        }
    }

    /// A record that is nowhere else, and that no migrator has read.
    private func unknown(_ round: UInt8, of path: Int, in state: State) -> Record {
        let readers = state.migrators.filter { $0.path == path }
        let known = state.records.map { $0[path] } + readers.map(\.here) + readers.map(\.there)
        var record = Record(round: round)
        while known.contains(record) { record.write += 1 }
        return record
    }

    private func report(_ me: inout Publisher, _ index: Int) {
        me.reported = me.round
        me.isEpochCurrent = false
        me.round = min(me.round + 1, rounds[index])
        me.step = me.reported == rounds[index] ? .done : .readCatalog
    }
}

extension MigrationModel {
    private func migrate(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        var me = state.migrators[index]
        func add(_ label: StaticString) {
            next.migrators[index] = me
            moves.append(Move(state: next, process: 10 + index, label: label))
        }
        let mayWrite = me.holdsVersion || without == .holdsTheVersion
        switch me.step {
        case .idle where state.runsLeft == 0: break
        case .idle:
            next.runsLeft -= 1
            if state.catalog.phase == .active {
                next.swap(Catalog(root: state.catalog.root, phase: .copying), epochGrows: false)
            } else if without != .takesOver {
                // Writers whom a dead one holds are let go.
                let copying = Catalog(root: state.catalog.root, phase: .copying)
                next.swap(copying, epochGrows: state.catalog.phase == .held)
            }
            me = Migrator(step: .read, source: state.catalog.root, holdsVersion: true)
            add("begins a migration, or takes one over")
        case .read: read(state, index, &moves)
        case .write:
            if state.records[1 - me.source][me.path] == me.there || without == .replacesWhatItRead {
                next.records[1 - me.source][me.path] = me.here
                goOn(&me)
                add("writes what is new at the destination")
            } else {
                me = Migrator()
                add("finds that another wrote at the destination, and ends")
            }
        case .swap:
            if mayWrite {
                next.swap(Catalog(root: me.source, phase: .held), epochGrows: true)
                let step: Migrator.Step = without == .listsAfterTheSwap ? .cutOver : .read
                me = Migrator(step: step, source: me.source, holdsVersion: true, isLastPass: true)
                add("holds the writers")
            } else {
                me = Migrator()
                add("finds the catalog changed, and ends")
            }
        case .cutOver:
            if mayWrite { next.swap(Catalog(root: 1 - me.source), epochGrows: true) }
            me = Migrator()
            add("points the feed at the destination, if it is still the same")
        }
    }

    /// The three readings of a path, in the order that the rules give, one step each.
    private func read(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        enum Reading { case destination, catalog, source }
        let order: [Reading] =
            switch without {
            case .checksTheCatalog: [.destination, .source]
            case .checksAfterReading: [.catalog, .destination, .source]
            default: [.destination, .source, .catalog]
            }
        var next = state
        var me = state.migrators[index]
        var label: StaticString = "reads the destination"
        let reading = order[me.readings]
        me.readings += 1
        switch reading {
        case .destination: me.there = state.records[1 - me.source][me.path]
        case .source:
            me.here = state.records[me.source][me.path]
            label = "reads the source"
        case .catalog:
            label = "checks the catalog"
            if !me.holdsVersion { me = Migrator() }
        }
        if me.step == .read && me.readings == order.count {
            me.step = .write
            if me.here == me.there || me.here.round == 0 { goOn(&me) }
        }
        next.migrators[index] = me
        moves.append(Move(state: next, process: 10 + index, label: label))
    }

    /// To the next path, or to what comes after a pass.
    private func goOn(_ me: inout Migrator) {
        me.readings = 0
        (me.here, me.there) = (Record(), Record())
        me.path += 1
        me.step = .read
        guard me.path == rounds.count else { return }
        me.path = 0
        me.step = me.isLastPass ? .cutOver : .swap
    }
}
