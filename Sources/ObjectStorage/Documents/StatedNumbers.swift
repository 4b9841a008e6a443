/// Numbers that somebody else states: a record, a listing, a file's status. They may be anything.
extension Int64 {
    /// What is wrong with it as a number that grows by one with each write; nil when nothing is.
    ///
    /// What is left above the bound is more than any store lives to count.
    package var flawOfCounter: String? {
        (0...(Int64.max >> 1)).contains(self) ? nil : "is \(self), which is out of range"
    }

    /// Adds a size to a sum. A sum that has no room for it stays the largest, or the smallest, that there is.
    package mutating func add(stated size: Int64) {
        let (sum, overflows) = addingReportingOverflow(size)
        self = overflows ? (size < 0 ? .min : .max) : sum
    }
}

extension Int64 {
    /// A number of bytes for people, in powers of ten and cut, not rounded: `999 B`, `1.2 kB`, `12.3 MB`.
    package var asSize: String {
        if self < 1_000 { return "\(self) B" }
        var tenths = self / 100
        var unit = 0
        while tenths >= 10_000 && unit < Self.units.count - 1 {
            tenths /= 1_000
            unit += 1
        }
        return "\(tenths / 10).\(tenths % 10) \(Self.units[unit])"
    }

    private static let units = ["kB", "MB", "GB", "TB", "PB", "EB"]
}
