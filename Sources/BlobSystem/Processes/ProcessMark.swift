internal import Glibc

/// What a process marks its unfinished work with, so that another can tell whether anybody is still at it.
///
/// It names the machine since it started, the process and when that began: no other process ever has the same.
package struct ProcessMark: Hashable, Sendable {
    /// Whether the process is still there.
    package enum Life: Sendable { case running, gone, unknown }

    /// Letters, digits and hyphens.
    package let text: String
    private let machine: String
    private let process: Int32
    private let start: UInt64

    private init(machine: String, process: Int32, start: UInt64) {
        self.machine = machine
        self.process = process
        self.start = start
        text = "\(machine)-\(process)-\(start)"
    }

    /// This process.
    package static let current = ProcessMark(
        machine: thisMachine ?? "0", process: getpid(), start: start(of: getpid()) ?? 0)

    /// Reads a mark; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let process = Int32(parts[1]), process > 0, let start = UInt64(parts[2]),
            !parts[0].isEmpty, parts[0].allSatisfy({ $0.isASCII && $0.isHexDigit })
        else { return nil }
        self.init(machine: String(parts[0]), process: process, start: start)
        guard self.text == text else { return nil }
    }

    /// Of another machine, or another container, nothing is known.
    package var life: Life {
        guard let here = Self.thisMachine, machine == here, start > 0 else { return .unknown }
        if let found = Self.start(of: process) { return found == start ? .running : .gone }
        return kill(process, 0) == -1 && errno == ESRCH ? .gone : .unknown
    }

    /// This machine since it was started, and the processes that this one sees on it.
    /// - Source: random(4), pid_namespaces(7).
    private static let thisMachine: String? = {
        guard let boot = contents("/proc/sys/kernel/random/boot_id") else { return nil }
        var link = [CChar](repeating: 0, count: 64)
        let length = readlink("/proc/self/ns/pid", &link, link.count)
        guard length > 0 else { return nil }
        // FNV-1a: a name, not a secret.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in boot + link.prefix(length).map({ UInt8(bitPattern: $0) }) {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return String(hash, radix: 16)
    }()

    /// When a process began, in ticks since the machine started; nil where that cannot be read.
    /// - Source: proc(5), `/proc/<pid>/stat`, field 22.
    private static func start(of process: Int32) -> UInt64? {
        guard let bytes = contents("/proc/\(process)/stat"), let end = bytes.lastIndex(of: UInt8(ascii: ")")) else {
            return nil
        }
        let fields = bytes[end...].split(separator: UInt8(ascii: " "))
        guard fields.count > 20 else { return nil }
        return UInt64(String(decoding: fields[20], as: UTF8.self))
    }

    /// Of a small file of the kernel's.
    private static func contents(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0 { return nil }
        defer { close(file) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 4_096) { buffer, count in
            count = max(0, read(file, buffer.baseAddress, buffer.count))
        }
        return bytes.isEmpty ? nil : bytes
    }
}
