/// Values by key that cost no more than a bound in all; those that were not asked for lately go first.
///
/// There are two halves: what is inserted or found is in the young one. Once that is full, the old half goes and the
/// young one takes its place. So nothing is sorted, and each act takes constant time.
struct BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private typealias Half = [Key: (value: Value, cost: Int)]

    private let halfBound: Int
    private var young: Half = [:]
    private var old: Half = [:]
    private var youngCost = 0

    /// - Parameter bound: what all values together may cost.
    init(bound: Int) { halfBound = max(0, bound / 2) }

    /// How many values there are.
    var count: Int { young.count + old.count }

    /// What all values cost together.
    var cost: Int { youngCost + old.values.reduce(0) { $0 + $1.cost } }

    /// The value of a key; nil where there is none.
    mutating func value(_ key: Key) -> Value? {
        if let found = young[key] { return found.value }
        guard let found = old.removeValue(forKey: key) else { return nil }
        insert(key, found.value, cost: found.cost)
        return found.value
    }

    /// Keeps a value, unless it alone costs more than half of the bound.
    mutating func insert(_ key: Key, _ value: Value, cost: Int) {
        remove(key)
        guard cost <= halfBound else { return }
        if youngCost > halfBound - cost {
            old = young
            young = [:]
            youngCost = 0
        }
        young[key] = (value, cost)
        youngCost += cost
    }

    mutating func remove(_ key: Key) {
        old[key] = nil
        if let gone = young.removeValue(forKey: key) { youngCost -= gone.cost }
    }
}
