internal import Glibc

/// Files of this machine for what does not fit into memory.
package enum TemporaryFile {
    /// Where they are.
    package static var folder: String { folder(named: getenv("TMPDIR").map { String(cString: $0) }) }

    /// `TMPDIR`, else `/var/tmp`, which unlike `/tmp` is made for what is large, and is seldom memory.
    /// - Parameter variable: nil where it is not set.
    package static func folder(named variable: String?) -> String {
        guard let variable, !variable.isEmpty else { return "/var/tmp" }
        return variable
    }

    /// Opens a new file that has no name any more, and so is gone when it is closed, whatever becomes of the process.
    package static func open(_ calls: any SystemCalls) throws(Errno) -> Descriptor {
        let folder = folder
        let name = ".blobstore-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let directory = try calls.opened(path: folder, [.readOnly, .directory])
        let file = try calls.opened(path: "\(folder)/\(name)", [.readWrite, .create, .exclusive], mode: 0o600)
        try calls.unlink(name, in: directory.raw)
        return file
    }
}
