internal import BlobSystem

/// The mount that a directory stands on, as the kernel describes it.
///
/// - Source: proc(5), `/proc/self/mountinfo` and `/proc/self/fdinfo`.
struct Mount: Equatable {
    let point: String
    /// E.g. `nfs4`.
    let type: String
    /// Of the mount and of the filesystem.
    let options: [String]

    /// - Parameter id: the kernel's number for the mount.
    /// - Returns: nil where the table has no such mount.
    init?(id: Int, in table: String) {
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 6, Int(fields[0]) == id, let dash = fields.firstIndex(of: "-") else { continue }
            guard fields.count > dash + 3 else { continue }
            point = Self.unescaped(fields[4])
            type = String(fields[dash + 1])
            options = (fields[5].split(separator: ",") + fields[dash + 3].split(separator: ",")).map(String.init)
            return
        }
        return nil
    }

    /// The mount of an open directory; nil where the kernel does not tell.
    init?(of directory: OpenFile) {
        guard let info = Self.text("/proc/self/fdinfo/\(directory.raw)", directory.calls),
            let line = info.split(separator: "\n").first(where: { $0.hasPrefix("mnt_id:") }),
            let id = Int(line.dropFirst("mnt_id:".count).drop { $0 == " " || $0 == "\t" }),
            let table = Self.text("/proc/self/mountinfo", directory.calls)
        else { return nil }
        self.init(id: id, in: table)
    }

    private static func text(_ path: String, _ calls: any SystemCalls) -> String? {
        guard let file = try? calls.opened(path: path, .readOnly) else { return nil }
        let open = OpenFile(file, path)
        return (try? open.read(at: 0, count: 1 << 18)).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Spaces and the like stand there as `\040`.
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let value = UInt8(Substring(rest.prefix(3)), radix: 8) {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Mount {
    /// What a person should change about it: one sentence each.
    var advice: [String] {
        var advice: [String] = []
        if type.hasPrefix("nfs") {
            if options.contains(where: { $0 == "soft" || $0 == "softerr" }) {
                advice.append("mounted soft: a server that is slow for a moment becomes an I/O error; mount it hard")
            }
            if options.contains("nocto") {
                advice.append("mounted nocto: what other machines wrote may show late; leave that option away")
            }
            for option in options where option == "noac" || option == "lookupcache=none" || option == "actimeo=0" {
                advice.append("mounted \(option): the store does not need it, and each look costs a request")
            }
        }
        if type == "cifs" || type == "smb3" {
            for option in options where ["cache=loose", "cache=none", "cache=singleclient"].contains(option) {
                advice.append("mounted \(option): mount it with cache=strict, the default")
            }
            if options.contains("nobrl") {
                advice.append("mounted nobrl: the store takes no locks, but locks of other programs do not hold here")
            }
        }
        if type.hasPrefix("fuse") {
            advice.append(
                "a FUSE filesystem (\(type)) keeps what its own program promises: ask its makers about power cuts")
        }
        if type == "tmpfs" || type == "ramfs" {
            advice.append("\(type) is gone after a restart: nothing on it is durable")
        }
        for option in options where ["nobarrier", "barrier=0"].contains(option) {
            advice.append("mounted \(option): what was flushed may be lost in a power cut; leave that option away")
        }
        return advice
    }
}
