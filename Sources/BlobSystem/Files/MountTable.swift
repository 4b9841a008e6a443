/// What is mounted where, as this process sees it.
/// - Source: proc(5), `/proc/self/mountinfo` and `/proc/self/fdinfo`.
package struct MountTable {
    /// One line of it.
    package struct Mount: Sendable {
        /// The kernel's number for it.
        let id: Int
        let device: Substring
        /// The folder of the filesystem that is mounted.
        let root: String
        package let point: String
        /// E.g. `nfs4`.
        package let type: String
        /// Of the mount and of the filesystem.
        package let options: [String]
    }

    private static let maximumBytes = 1 << 20
    private let mounts: [Mount]

    package init(_ text: String) { mounts = text.split(separator: "\n").compactMap(Mount.init) }

    /// The table now; nil where the kernel does not tell.
    package init?(now calls: any SystemCalls) {
        guard let text = Self.text("/proc/self/mountinfo", limit: Self.maximumBytes, calls: calls) else { return nil }
        self.init(text)
    }

    /// The kernel's number for the mount that an open file was reached on.
    package static func mount(of descriptor: Int32, _ calls: any SystemCalls) -> Int? {
        guard let info = text("/proc/self/fdinfo/\(descriptor)", limit: 4_096, calls: calls),
            let line = info.split(separator: "\n").first(where: { $0.hasPrefix("mnt_id:") })
        else { return nil }
        return Int(line.dropFirst("mnt_id:".count).drop { $0 == " " || $0 == "\t" })
    }

    /// The mount of that number; nil when there is none.
    package subscript(id: Int) -> Mount? { mounts.first { $0.id == id } }

    /// Where the folder that was mounted may be seen in its own filesystem: by other mounts of that, which reach
    /// further up.
    package func originals(of id: Int) -> [String] {
        guard let bound = self[id], bound.root != "/" else { return [] }
        return mounts.compactMap { other in
            let top = other.root == "/" ? "" : other.root
            guard other.device == bound.device, bound.root.hasPrefix(top + "/") else { return nil }
            return (other.point == "/" ? "" : other.point) + bound.root.dropFirst(top.count)
        }
    }

    private static func text(_ path: String, limit: Int, calls: any SystemCalls) -> String? {
        guard let file = try? calls.opened(path: path, .readOnly) else { return nil }
        return (try? calls.readFully(file.raw, limit, at: 0)).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension MountTable.Mount {
    fileprivate init?(_ line: Substring) {
        let fields = line.split(separator: " ")
        guard fields.count > 6, let id = Int(fields[0]) else { return nil }
        self.id = id
        device = fields[2]
        root = Self.unescaped(fields[3])
        point = Self.unescaped(fields[4])
        // Behind a dash: the type, the source and the filesystem's own options.
        let rest = fields.firstIndex(of: "-").map { fields[fields.index(after: $0)...] } ?? []
        type = rest.first.map { String($0) } ?? ""
        let ofFilesystem = rest.dropFirst(2).first ?? ""
        let ofMount = fields[5].split(separator: ",")
        // Both say whether it can be written, and more.
        let others = ofFilesystem.split(separator: ",").filter { !ofMount.contains($0) }
        options = (ofMount + others).map { String($0) }
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
