/// Owns an open file: closes it when it goes out of scope.
///
/// A `close` may wait for a server. So where the scope ends on one of Swift's threads, another thread closes the file.
package struct Descriptor: ~Copyable, Sendable {
    /// The number, for calls; valid while the descriptor lives.
    package let raw: Int32
    package let calls: any SystemCalls
    private var isOpen = true

    /// Takes over a descriptor that `calls` opened.
    package init(_ raw: Int32, of calls: any SystemCalls) {
        self.raw = raw
        self.calls = calls
    }

    deinit {
        guard isOpen else { return }
        let (raw, calls) = (raw, calls)
        Thread.aside { try? calls.close(raw) }
    }

    /// Closes it now, and tells the error that a write-back may have left (on NFS `close` writes back).
    package consuming func close() throws(Errno) {
        isOpen = false
        try calls.close(raw)
    }

    /// Hands the number over to another owner, who closes it.
    package consuming func release() -> Int32 {
        isOpen = false
        return raw
    }
}

extension SystemCalls {
    /// Opens any path; see ``open(path:_:mode:)``.
    package func opened(path: String, _ flags: OpenFlags, mode: UInt32 = 0) throws(Errno) -> Descriptor {
        Descriptor(try open(path: path, flags, mode: mode), of: self)
    }

    /// Opens a relative path that stays beneath `directory`; see ``open(_:beneath:_:mode:)``.
    package func opened(
        _ path: String, beneath directory: borrowing Descriptor, _ flags: OpenFlags, mode: UInt32 = 0
    ) throws(Errno) -> Descriptor {
        Descriptor(try open(path, beneath: directory.raw, flags, mode: mode), of: self)
    }
}
