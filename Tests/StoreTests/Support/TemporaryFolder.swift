import Glibc

/// A folder of this machine that goes with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/blobstore-test-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress, let made = mkdtemp(base) else { return "/nonexistent" }
            return String(cString: made)
        }
    }

    deinit {
        Self.removeAll(Array(path.utf8CString))
    }

    /// Names are bytes here: some tests make ones that are no UTF-8.
    private static func removeAll(_ path: [CChar]) {
        if remove(path) == 0 { return }
        guard let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                Array($0.prefix { $0 != 0 }.map(CChar.init(bitPattern:)))
            }
            if name == [46] || name == [46, 46] { continue }
            removeAll(path.dropLast() + [47] + name + [0])
        }
        closedir(folder)
        remove(path)
    }

    /// Writes a file, with the folders on the way.
    func write(_ name: String, _ bytes: [UInt8]) {
        let full = path + "/" + name
        var folder = path
        for segment in name.split(separator: "/").dropLast() {
            folder += "/" + segment
            mkdir(folder, 0o777)
        }
        guard let file = fopen(full, "w") else { return }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    func read(_ name: String) -> [UInt8]? {
        guard let file = fopen(path + "/" + name, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return bytes
    }
}
