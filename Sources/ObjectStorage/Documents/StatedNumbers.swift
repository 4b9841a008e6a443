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
