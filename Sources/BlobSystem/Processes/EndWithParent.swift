internal import CBlobSystem
internal import Glibc

/// Has the kernel kill this process when the one that started it is gone, however that went.
///
/// To be called first thing by who is nothing without its parent; the thread there that started it must live as long.
/// - Parameter parent: its number, as it was handed down: it may be gone by now.
/// - Source: prctl(2), PR_SET_PDEATHSIG.
package func endWithParent(_ parent: Int32) {
    _ = blob_end_with_parent()
    if getppid() != parent { exit(1) }
}
