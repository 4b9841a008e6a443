internal import Glibc

/// The account that this process runs under.
enum Account {
    /// The name that the system knows it by, else its number.
    /// - Source: getpwuid_r(3).
    static var name: String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 1 << 14)
        let user = getuid()
        let name = buffer.withUnsafeMutableBufferPointer { text -> String? in
            guard let start = text.baseAddress, getpwuid_r(user, &entry, start, text.count, &found) == 0, found != nil,
                let name = entry.pw_name
            else { return nil }
            return String(validatingCString: name)
        }
        guard let name, !name.isEmpty else { return "uid \(user)" }
        return name
    }
}
