import Glibc
import Synchronization

/// A child process with pipes for its three streams, without Foundation.
/// - Source: posix_spawn(3), waitpid(2).
struct SpawnedProcess: Sendable {
    let pid: pid_t
    let input: Int32
    let output: Int32
    let errors: Int32

    struct Failure: Error { let errno: Int32 }

    /// One child is begun at a time, so that none inherits another's pipes before they are marked.
    private static let turn = Mutex(())

    init(_ path: String, _ arguments: [String], environment: [String: String], directory: String? = nil) throws {
        if let directory {
            try self.init("/usr/bin/env", ["-C", directory, path] + arguments, environment: environment)
        } else {
            self = try Self.turn.withLock { _ in try Self(path, arguments, environment) }
        }
    }

    private init(_ path: String, _ arguments: [String], _ environment: [String: String]) throws {
        let (inputEnd, input) = try Self.pipe()
        let (output, outputEnd) = try Self.pipe()
        let (errors, errorEnd) = try Self.pipe()
        defer { for end in [inputEnd, outputEnd, errorEnd] { close(end) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, end) in [inputEnd, outputEnd, errorEnd].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, end, Int32(number))
        }
        var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid = pid_t()
        let failure = posix_spawn(&pid, path, &actions, nil, &argv, &envp)
        guard failure == 0 else { throw Failure(errno: failure) }
        self.pid = pid
        self.input = input
        self.output = output
        self.errors = errors
    }

    /// Both ends close in children, so that the end of a stream is seen.
    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw Failure(errno: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    func signal(_ number: Int32) { kill(pid, number) }

    func closeInput() { close(input) }

    /// Waits for the end, and returns the exit code, or 1,000 and the number of the signal that ended it.
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 1_000 + status & 0x7F
    }

    /// Reads what comes until both streams end.
    func collect() -> (output: [UInt8], errors: [UInt8]) {
        var collected: [Int32: [UInt8]] = [output: [], errors: []]
        var open: Set<Int32> = [output, errors]
        while !open.isEmpty {
            var wanted = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&wanted, nfds_t(wanted.count), -1) > 0 else { continue }
            for entry in wanted where entry.revents != 0 {
                let bytes = readSome(entry.fd)
                if bytes.isEmpty {
                    open.remove(entry.fd)
                    close(entry.fd)
                }
                collected[entry.fd, default: []] += bytes
            }
        }
        return (collected[output] ?? [], collected[errors] ?? [])
    }
}

/// One read(2); empty at the end.
func readSome(_ descriptor: Int32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
        var read = 0
        repeat { read = Glibc.read(descriptor, buffer.baseAddress, buffer.count) } while read == -1 && errno == EINTR
        count = max(0, read)
    }
}

/// All of the bytes, as far as somebody reads them.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
    }
}
