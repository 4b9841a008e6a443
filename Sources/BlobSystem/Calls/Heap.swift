internal import CBlobSystem

/// How this process asks the system for memory.
package enum Heap {
    private static let largeBufferBytes: Int32 = 2 << 20

    /// Lets the parts of uploads and the buffers of connections, of 2 MiB and more, go back to the system as soon as
    /// they are done with: glibc would learn from them to keep such buffers, and they would pile up between
    /// longer-lived ones (118 MiB instead of 77 in the upload of one large file). Chunks of 1 MiB are kept, since they
    /// are used again and again. For whoever owns the process.
    /// - Source: mallopt(3).
    package static func keepLargeBuffersApart() {
        blob_set_heap(largeBufferBytes, 2 * largeBufferBytes)
    }

    /// Lets all threads share one heap, where the address space has a limit: else glibc reserves 64 MiB of it for each
    /// thread, and refuses memory to a process that uses next to none.
    /// - Source: mallopt(3), M_ARENA_MAX.
    package static func fitAddressSpace() {
        if ProcessLimits.hasAddressSpaceLimit { blob_share_heap() }
    }
}
