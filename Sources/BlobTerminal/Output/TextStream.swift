internal import Glibc

/// Where text goes: standard output or standard error, or a test's memory.
public struct TextStream: Sendable {
    /// Writes all of the bytes; nil on success, else errno.
    public let write: @Sendable ([UInt8]) -> Int32?
    /// Whether a person looks at it.
    public let isTerminal: Bool
    /// Characters in a line of the terminal, as of now.
    public let width: @Sendable () -> Int

    /// A stream that hands its bytes to `write`.
    public init(
        isTerminal: Bool, width: @escaping @Sendable () -> Int = { 80 },
        write: @escaping @Sendable ([UInt8]) -> Int32?
    ) {
        self.write = write
        self.isTerminal = isTerminal
        self.width = width
    }

    /// An open descriptor. SIGPIPE must be ignored, so that a closed pipe is an errno.
    /// - Source: write(2), isatty(3), ioctl_tty(2).
    public init(descriptor: Int32) {
        self.init(
            isTerminal: isatty(descriptor) == 1,
            width: { terminalWidth(descriptor) },
            write: { writeAll($0, to: descriptor) })
    }
}

private func terminalWidth(_ descriptor: Int32) -> Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 20 else { return 80 }
    return Int(size.ws_col)
}

private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
    var done = 0
    while done < bytes.count {
        let count = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count >= 0 {
            done += count
        } else if errno == EAGAIN {
            // The descriptor was inherited in non-blocking mode.
            var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&wanted, 1, -1)
        } else if errno != EINTR {
            return errno
        }
    }
    return nil
}
