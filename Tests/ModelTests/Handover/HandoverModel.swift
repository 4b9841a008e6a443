/// Handing a feed's record over from one catalog to another: runs that hand over, of which any number may be at it, and
/// somebody who changes the feed by way of the old catalog. Each may be paused at any step, or never go on.
///
/// Both catalogs change only by compare-and-swap. What stands in a record is a number that grows with each change; the
/// catalog in charge must always have the last one that was reported.
struct HandoverModel: RuledModel {
    enum Rule: CaseIterable {
        /// The new catalog is read before the old one.
        case readsNewFirst
        /// The old record is swapped to "moved" only from the version that was copied.
        case swapsWhatWasCopied
        /// Nobody uses a record that is arriving before the old catalog says that it has moved.
        case waitsForMoved
    }

    let runs: Int
    var changes: UInt8 = 2
    var without: Rule?

    /// A record, with a version that grows with each write.
    struct Entry: Hashable {
        enum Status: UInt8 { case absent, active, arriving, moved }
        var status: Status
        var value: UInt8 = 0
        var version: UInt8 = 0
    }

    struct Run: Hashable {
        enum Step: UInt8 { case readFirst, readSecond, offer, swap, arrive, done }
        var step = Step.readFirst
        var new = Entry(status: .absent)
        var old = Entry(status: .absent)
    }

    struct Changer: Hashable {
        enum Step: UInt8 { case idle, read, swapOld, swapNew }
        var step = Step.idle
        var seen = Entry(status: .absent)
    }

    struct State: Hashable {
        var old = Entry(status: .active)
        var new = Entry(status: .absent)
        var reported: UInt8 = 0
        var changesLeft: UInt8
        var runs: [Run]
        /// One who asks the old catalog, and one who asks the new one.
        var changers = [Changer(), Changer()]
    }

    func search() -> Finding {
        searchEveryState(
            from: State(changesLeft: changes, runs: Array(repeating: Run(), count: runs)),
            moves: { state, moves in
                for index in state.runs.indices { handOver(state, index, &moves) }
                for index in state.changers.indices { change(state, index, &moves) }
            },
            flaw: flaw,
            describe: { "old \($0.old.status) \($0.old.value), new \($0.new.status) \($0.new.value)" })
    }

    private func flaw(_ state: State) -> String? {
        let inCharge = state.old.status == .moved ? state.new : state.old
        if state.new.status == .active && state.old.status == .active { return "two catalogs are in charge" }
        if inCharge.status == .absent { return "no catalog has the feed" }
        return inCharge.value < state.reported ? "a change that was reported is lost" : nil
    }

    private func handOver(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        var me = state.runs[index]
        func add(_ label: StaticString) {
            next.runs[index] = me
            moves.append(Move(state: next, process: index, label: label))
        }
        let readsOldFirst = without == .readsNewFirst
        switch me.step {
        case .readFirst:
            if readsOldFirst { me.old = state.old } else { me.new = state.new }
            me.step = .readSecond
            add("reads one catalog")
        case .readSecond:
            if readsOldFirst { me.new = state.new } else { me.old = state.old }
            let hasMoved = me.old.status == .moved
            me.step = hasMoved ? .arrive : me.new.status == .active ? .done : .offer
            add("reads the other")
        case .offer:
            if state.new.version == me.new.version {
                next.new = Entry(status: .arriving, value: me.old.value, version: state.new.version + 1)
                me.step = .swap
            } else {
                me = Run()
            }
            add("puts its copy into the new catalog, if that is still the same")
        case .swap:
            if state.old.version == me.old.version || without == .swapsWhatWasCopied {
                next.old.status = .moved
                next.old.version += 1
                me.step = .arrive
            } else {
                me = Run()
            }
            add("says that it has moved, if the old record is still the same")
        case .arrive:
            if state.new.status == .arriving {
                next.new.status = .active
                next.new.version += 1
            }
            me.step = .done
            add("notes that it has arrived")
        case .done: break
        }
    }

    private func change(_ state: State, _ index: Int, _ moves: inout [Move<State>]) {
        var next = state
        var me = state.changers[index]
        func add(_ label: StaticString) {
            next.changers[index] = me
            moves.append(Move(state: next, process: runs + index, label: label))
        }
        switch me.step {
        case .idle:
            if state.changesLeft == 0 { return }
            next.changesLeft -= 1
            me = Changer(step: .read, seen: index == 0 ? state.old : state.new)
            add("asks a catalog")
        case .read:
            if index == 0 && me.seen.status == .moved {
                me.seen = state.new
                me.step = .swapNew
            } else {
                let isUsable =
                    me.seen.status == .active || without == .waitsForMoved && me.seen.status == .arriving
                me.step = isUsable ? (index == 0 ? .swapOld : .swapNew) : .idle
            }
            add("finds out which catalog is in charge")
        case .swapOld, .swapNew:
            let place: WritableKeyPath<State, Entry> = me.step == .swapOld ? \.old : \.new
            if state[keyPath: place].version == me.seen.version {
                next[keyPath: place].value += 1
                next[keyPath: place].version += 1
                next.reported = next[keyPath: place].value
            }
            me = Changer()
            add("changes the feed, if its record is still the same")
        }
    }
}
