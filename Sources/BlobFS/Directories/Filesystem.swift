/// What kind of filesystem a root stands on, as far as it changes what can be promised.
enum Filesystem: Equatable, Sendable {
    /// A disk or memory of this machine; `syncfs` flushes many files at the price of one.
    case local
    /// Of this machine, but layered or copying: every file is flushed by itself.
    case localLayered
    /// Another machine or a user process is behind it, or it is not known: replies can be lost and calls repeated.
    case network

    /// - Source: statfs(2), `f_type`.
    init(type: UInt64) {
        switch type {
        case 0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994: self = .local  // ext2-4, xfs, btrfs, tmpfs
        case 0x794C_7630, 0xF2F5_2010, 0x2FC1_2FC1: self = .localLayered  // overlayfs, f2fs, zfs
        default: self = .network
        }
    }
}
