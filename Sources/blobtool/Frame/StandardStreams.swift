internal import BlobStore
internal import BlobTerminal
internal import Glibc
internal import LocalFiles

/// The three streams that every process is to have.
enum StandardStreams {
    /// Takes the numbers of streams that are closed, so that no file that is opened later gets one: what is printed
    /// would be written into it.
    ///
    /// Each is opened the wrong way round, so that reading and writing still fail, as they would where it is closed:
    /// an input that is not there is not taken for an empty one.
    /// - Source: open(2), which takes the lowest number that is free; glibc does so for set-user-ID programs.
    static func occupyClosed() {
        for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
            // Where not even that can be opened, nothing can be done that were safe.
            if open("/dev/null", mode) != descriptor { _exit(ExitStatus.failed.code) }
        }
    }
}

extension Console {
    /// Passes content on to standard output, on a thread that may be blocked.
    func passing(_ content: [UInt8]) async throws(StoreError) {
        try await LocalThreads.run { () throws(StoreError) in self.pass(content) }
        if Task.isCancelled { throw StoreError(.cancelled, "stopped while writing to standard output") }
    }
}
