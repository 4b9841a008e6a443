import Glibc

/// A folder of a test's own, which goes with it.
package final class TemporaryFolder: Sendable {
    package let path: String

    /// Where a test makes its folders: on a disk, and in memory.
    package static let places = ["/tmp", "/dev/shm"]

    package init(in place: String = "/tmp") {
        var template = Array("\(place)/blobstore-test-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress, let made = mkdtemp(base) else { return "/nonexistent" }
            return String(cString: made)
        }
    }

    deinit {
        Self.removeAll(Array(path.utf8CString))
    }

    /// Names are bytes here: some tests make names that are not UTF-8.
    package static func removeAll(_ path: [CChar]) {
        if remove(path) == 0 { return }
        for name in names(path) { removeAll(path.dropLast() + [47] + name + [0]) }
        remove(path)
    }

    /// What stands in a folder of it, in order.
    package func names(_ folder: String = "") -> [String] {
        Self.names(Array("\(path)/\(folder)".utf8CString))
            .map { String(decoding: $0.map(UInt8.init(bitPattern:)), as: UTF8.self) }.sorted()
    }

    private static func names(_ path: [CChar]) -> [[CChar]] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [[CChar]] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                Array($0.prefix { $0 != 0 }.map(CChar.init(bitPattern:)))
            }
            if name != [46] && name != [46, 46] { names.append(name) }
        }
        return names
    }

    package func exists(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }

    /// Writes a file, with the folders on the way.
    package func write(_ name: String, _ bytes: [UInt8]) {
        var folder = path
        for segment in name.split(separator: "/").dropLast() {
            folder += "/" + segment
            mkdir(folder, 0o777)
        }
        guard let file = fopen("\(path)/\(name)", "w") else { return }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    package func read(_ name: String) -> [UInt8]? {
        guard let file = fopen("\(path)/\(name)", "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return bytes
    }
}
