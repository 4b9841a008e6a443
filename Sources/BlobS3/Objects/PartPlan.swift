/// How an object is cut into parts.
package struct PartPlan: Sendable, Equatable {
    /// A server keeps at most so many parts, and at most so large an object.
    package static let maximumParts: Int64 = 10_000
    package static let largestObjectBytes: Int64 = 5 << 40
    /// What is not larger goes in one request.
    package static let largestSinglePartBytes = 8 << 20

    package let size: Int64
    package let partSizeBytes: Int64

    /// Parts of 8 MiB, and larger ones only where an object would have too many.
    package init(size: Int64) {
        self.size = size
        let least = (size + Self.maximumParts - 1) / Self.maximumParts
        let mebibyte: Int64 = 1 << 20
        partSizeBytes = max(Int64(Self.largestSinglePartBytes), (least + mebibyte - 1) / mebibyte * mebibyte)
    }

    package var count: Int { Int((size + partSizeBytes - 1) / partSizeBytes) }

    /// The bytes of a part, counted from 0.
    package func range(_ index: Int) -> Range<Int64> {
        let start = Int64(index) * partSizeBytes
        return start..<min(start + partSizeBytes, size)
    }
}
