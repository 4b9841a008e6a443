/// A state of the model, in 40 bytes.
struct RecordState: Hashable {
    /// The value in each generation's file, 4 bits each; 0 where there is none.
    private var generations: UInt32 = 0
    /// The generation for which the proposal of each value stands, 4 bits each; 0 where there is none.
    private var proposals: UInt32 = 0
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    var history: Int32 = 0

    func value(in generation: Int) -> UInt8 { UInt8(generations >> UInt32(generation * 4) & 15) }

    mutating func link(_ value: UInt8, as generation: Int) {
        unlink(generation)
        generations |= UInt32(value) << UInt32(generation * 4)
    }

    mutating func unlink(_ generation: Int) { generations &= ~(15 << UInt32(generation * 4)) }

    /// The highest generation; 0 when there is none.
    var highest: Int { generations == 0 ? 0 : (31 - generations.leadingZeroBitCount) / 4 }

    func proposal(of value: UInt8) -> Int { Int(proposals >> (UInt32(value) * 4) & 15) }

    mutating func propose(_ value: UInt8, for generation: Int) {
        withdraw(value)
        proposals |= UInt32(generation) << (UInt32(value) * 4)
    }

    mutating func withdraw(_ value: UInt8) { proposals &= ~(15 << (UInt32(value) * 4)) }

    subscript(process: Int) -> ProcessState {
        get {
            ProcessState(bits: UInt32(truncatingIfNeeded: (process < 2 ? first : second) >> UInt64(process % 2 * 32)))
        }
        set {
            let shift = UInt64(process % 2 * 32)
            let bits = UInt64(newValue.bits) << shift
            let mask = ~(UInt64(UInt32.max) << shift)
            if process < 2 { first = first & mask | bits } else { second = second & mask | bits }
        }
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(first ^ UInt64(generations) << 13)
        hasher.combine(second ^ UInt64(proposals) << 17 ^ UInt64(UInt32(bitPattern: history)) << 31)
    }
}

/// Where a process stands, in 32 bits.
struct ProcessState: Hashable {
    var bits: UInt32

    private func field(_ at: UInt32, _ width: UInt32) -> Int { Int(bits >> at & (1 << width - 1)) }

    private mutating func set(_ at: UInt32, _ width: UInt32, _ value: Int) {
        bits = bits & ~((1 << width - 1) << at) | UInt32(value) << at
    }

    /// Which of its operations it is at, and where in it.
    var operation: Int {
        get { field(0, 3) }
        set { set(0, 3, newValue) }
    }
    var step: Step {
        get { Step(rawValue: field(3, 4)) ?? .begin }
        set { set(3, 4, newValue.rawValue) }
    }
    /// The generation and value that it last knew to be current.
    var knownGeneration: Int {
        get { field(7, 3) }
        set { set(7, 3, newValue) }
    }
    var knownValue: UInt8 {
        get { UInt8(field(10, 4)) }
        set { set(10, 4, Int(newValue)) }
    }
    /// A reader's choice; a pruner's lists, as bits.
    var chosen: Int {
        get { field(14, 3) }
        set { set(14, 3, newValue) }
    }
    var doomedGenerations: Int {
        get { field(14, 8) }
        set { set(14, 8, newValue) }
    }
    var doomedProposals: Int {
        get { field(22, 8) }
        set { set(22, 8, newValue) }
    }

    enum Step: Int { case begin, look, link, linkAgain, checkAgain, open, prune, scan }

    /// How far down a reader's listing has come that is not of one moment.
    var position: Int {
        get { field(22, 3) }
        set { set(22, 3, newValue) }
    }

    /// Goes on to the next operation.
    mutating func finish() {
        operation += 1
        step = .begin
        doomedGenerations = 0
        doomedProposals = 0
    }
}
