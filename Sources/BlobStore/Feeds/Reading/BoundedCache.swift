/// Values by key that cost no more than a bound in all; those that were not asked for lately go first.
///
/// There are two halves: what is inserted or found is in the young one. Once that is full, the old half goes and the
/// young one takes its place. So nothing is sorted, and each act takes constant time.
package struct BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    @usableFromInline package typealias Half = [Key: (value: Value, cost: Int)]

    @usableFromInline package let halfBound: Int
    @usableFromInline package var young: Half = [:]
    @usableFromInline package var old: Half = [:]
    @usableFromInline package var youngCost = 0

    /// - Parameter bound: what all values together may cost.
    package init(bound: Int) { halfBound = max(0, bound / 2) }

    /// How many values there are.
    var count: Int { young.count + old.count }

    /// What all values cost together.
    var cost: Int { youngCost + old.values.reduce(0) { $0 + $1.cost } }

    /// The value of a key; nil where there is none.
    @inlinable
    package mutating func value(_ key: Key) -> Value? {
        if let found = young[key] { return found.value }
        guard let found = old.removeValue(forKey: key) else { return nil }
        insert(key, found.value, cost: found.cost)
        return found.value
    }

    /// Keeps a value, unless it alone costs more than half of the bound.
    @inlinable
    package mutating func insert(_ key: Key, _ value: Value, cost: Int) {
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

    @inlinable
    package mutating func remove(_ key: Key) {
        old[key] = nil
        if let gone = young.removeValue(forKey: key) { youngCost -= gone.cost }
    }
}
