import Glibc
import Synchronization

/// A `register-client` process, whose stdout is a file.
final class ClientProcess: Sendable {
    let journal: String
    private let pid: pid_t
    private let status = Mutex<Int32?>(nil)

    struct Failure: Error { let errno: Int32 }

    init(_ arguments: [String], journal: String) throws {
        self.journal = journal
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, journal, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var argv: [UnsafeMutablePointer<CChar>?] = ([Self.tool] + arguments).map { strdup($0) } + [nil]
        defer { for pointer in argv { free(pointer) } }
        var pid = pid_t()
        let failure = posix_spawn(&pid, Self.tool, &actions, nil, &argv, environ)
        guard failure == 0 else { throw Failure(errno: failure) }
        self.pid = pid
    }

    /// Beside the test bundle.
    private static let tool: String = {
        var link = [CChar](repeating: 0, count: 4_096)
        let length = max(0, readlink("/proc/self/exe", &link, link.count))
        let test = String(decoding: link.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return test.prefix(upTo: test.lastIndex(of: "/") ?? test.startIndex) + "/register-client"
    }()

    func killNow() { if !hasEnded() { kill(pid, SIGKILL) } }

    /// Whether it has ended; asked without waiting.
    func hasEnded() -> Bool {
        status.withLock { status in
            if status != nil { return true }
            var found: Int32 = 0
            if waitpid(pid, &found, WNOHANG) == pid { status = found }
            return status != nil
        }
    }

    /// Whether it ended by itself, and well.
    var hasSucceeded: Bool { status.withLock { $0 == 0 } }
}
