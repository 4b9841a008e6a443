/// Bytes as hexadecimal digits, two for each byte, and back.
public enum Hex {
    /// The digits of `bytes`, in lower case.
    /// - Cost: one string; about two instructions a digit where the bytes lie side by side, else a copy of them first.
    public static func text(_ bytes: some Collection<UInt8>) -> String {
        bytes.withContiguousStorageIfAvailable(digits(of:)) ?? Array(bytes).withUnsafeBufferPointer(digits(of:))
    }

    /// A number in lower-case digits, with zeros before it where it has fewer than `count`.
    public static func text(_ number: some BinaryInteger, count: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
    }

    /// The bytes that digits stand for; nil where their number is odd, or one of them is no digit.
    /// - Parameter takesCapitals: whether `A` to `F` are digits too.
    public static func bytes(_ digits: some Collection<UInt8>, takesCapitals: Bool = false) -> [UInt8]? {
        let count = digits.count
        guard count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count / 2)
        var rest = digits.makeIterator()
        while let first = rest.next(), let second = rest.next() {
            guard let byte = byte(first, second, takesCapitals: takesCapitals) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// The byte that two digits stand for; nil where one of them is no digit.
    /// - Parameter takesCapitals: whether `A` to `F` are digits too.
    @inlinable
    public static func byte(_ high: UInt8, _ low: UInt8, takesCapitals: Bool = false) -> UInt8? {
        guard let high = value(high, takesCapitals: takesCapitals), let low = value(low, takesCapitals: takesCapitals)
        else { return nil }
        return high << 4 | low
    }

    /// Whether all of these are lower-case digits.
    @inlinable
    public static func isLowerCase(_ digits: some Collection<UInt8>) -> Bool {
        digits.allSatisfy { value($0) != nil }
    }

    /// The digit of the low four bits of a number.
    @inlinable
    public static func digit(_ value: UInt8, isCapital: Bool = false) -> UInt8 {
        let value = value & 15
        return value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: isCapital ? "A" : "a") - 10 + value
    }

    /// What a digit stands for, from 0 to 15; nil for anything else.
    /// - Parameter takesCapitals: whether `A` to `F` are digits too.
    @inlinable
    public static func value(_ digit: UInt8, takesCapitals: Bool = false) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): takesCapitals ? digit - UInt8(ascii: "A") + 10 : nil
        default: nil
        }
    }

    /// Of one type, since every digest of a check passes here, and a generic loop over another module's collection is
    /// slow.
    private static func digits(of bytes: UnsafeBufferPointer<UInt8>) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
            var next = 0
            for byte in bytes {
                buffer[next] = digit(byte >> 4)
                buffer[next + 1] = digit(byte)
                next += 2
            }
            return next
        }
    }
}
