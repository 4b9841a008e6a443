internal import CBlobSystem
internal import Glibc

/// Runs another program for what it prints, within bounds of time and output; without a shell.
///
/// It runs in a process group of its own, with this process's environment and standard error and no standard input.
/// Whatever ends the wait also ends the group: what outlives its parent is killed.
/// - Source: posix_spawnp(3), waitpid(2).
package struct BoundedCommand: Sendable {
    /// How a command failed.
    package enum Failure: Error, Equatable {
        /// It could not be started.
        case notStarted(Errno)
        /// It ran for longer than it may.
        case tooSlow
        /// It printed more than it may.
        case tooMuch
        /// The caller lost interest.
        case stopped
        /// It ended with another exit code than 0.
        case exitCode(Int32)
        /// A signal ended it.
        case signal(Int32)
    }

    /// The program, looked for in PATH, and what it is given.
    package var arguments: [String]
    package var timeLimit: Duration
    package var outputLimitBytes: Int

    package init(_ arguments: [String], timeLimit: Duration, outputLimitBytes: Int) {
        self.arguments = arguments
        self.timeLimit = timeLimit
        self.outputLimitBytes = outputLimitBytes
    }

    /// Runs it on this thread, which it blocks.
    /// - Parameter isWanted: asked some times a second; when false, the program is killed.
    /// - Returns: what it printed, when it ended with exit code 0.
    package func run(while isWanted: () -> Bool) throws(Failure) -> [UInt8] {
        var ends: [Int32] = [-1, -1]
        guard blob_pipe(&ends) == 0 else { throw .notStarted(.last) }
        let output = ends[0]
        defer { Glibc.close(output) }
        let child: pid_t
        do throws(Failure) {
            child = try spawn(writingTo: ends[1])
        } catch {
            Glibc.close(ends[1])
            throw error
        }
        Glibc.close(ends[1])
        let deadline = LinuxCalls().timeSinceBoot + timeLimit
        let read: Result<[UInt8], Failure>
        do throws(Failure) {
            let bytes = try collect(from: output, until: deadline, isWanted)
            try awaitEnd(of: child, until: deadline, isWanted)
            read = .success(bytes)
        } catch { read = .failure(error) }
        // Also after a good end: a grandchild must not stay behind. The child is not reaped yet, so that the number
        // cannot be another group's.
        kill(-child, SIGKILL)
        let status = Self.reap(child)
        let bytes = try read.get()
        guard status & 0x7F == 0 else { throw .signal(status & 0x7F) }
        guard (status >> 8) & 0xFF == 0 else { throw .exitCode((status >> 8) & 0xFF) }
        return bytes
    }

    private func spawn(writingTo end: Int32) throws(Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, end, 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Our threads block signals, and this process may ignore some: the program must start with neither.
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in argv { free(pointer) } }
        guard let program = argv[0] else { throw .notStarted(.invalidArgument) }
        var child = pid_t()
        let failure = posix_spawnp(&child, program, &actions, &attributes, &argv, environ)
        guard failure == 0 else { throw .notStarted(Errno(rawValue: failure)) }
        return child
    }

    /// Everything until the output is closed.
    private func collect(
        from output: Int32, until deadline: Duration, _ isWanted: () -> Bool
    ) throws(Failure) -> [UInt8] {
        var collected: [UInt8] = []
        while true {
            try goOn(until: deadline, isWanted)
            var wanted = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&wanted, 1, 50) > 0 else { continue }
            let bytes = [UInt8](unsafeUninitializedCapacity: outputLimitBytes + 1 - collected.count) { buffer, count in
                count = max(0, Glibc.read(output, buffer.baseAddress, buffer.count))
            }
            if bytes.isEmpty { return collected }
            collected += bytes
            guard collected.count <= outputLimitBytes else { throw .tooMuch }
        }
    }

    /// Waits for the end of a child that has closed its output, and leaves it to be reaped.
    private func awaitEnd(of child: pid_t, until deadline: Duration, _ isWanted: () -> Bool) throws(Failure) {
        while true {
            var ended = siginfo_t()
            let failed = waitid(P_PID, id_t(child), &ended, WEXITED | WNOHANG | WNOWAIT) == -1
            if failed && errno != EINTR || !failed && ended.si_signo == SIGCHLD { return }
            try goOn(until: deadline, isWanted)
            LinuxCalls().pause(microseconds: 2_000)
        }
    }

    private func goOn(until deadline: Duration, _ isWanted: () -> Bool) throws(Failure) {
        guard isWanted() else { throw .stopped }
        guard LinuxCalls().timeSinceBoot < deadline else { throw .tooSlow }
    }

    private static func reap(_ child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) == -1, errno == EINTR {}
        return status
    }
}
