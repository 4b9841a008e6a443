/// Names that filesystems, NAS boxes, desktops and editors leave in whatever folder they come by.
///
/// This is the one list of them. None can be a record or a blob: a check tells of them and goes on, a collector passes
/// them by, and a place that holds nothing else is empty. A name that is a valid key counts as litter only at the top
/// of a root, where no key of the layout begins like that; elsewhere somebody may have stored it.
package enum Litter {
    /// What an NFS client keeps of a removed file that is still open; not even told.
    package static let silly = ".nfs"

    /// In lower case.
    private static let names: Set<String> = [
        // macOS
        ".ds_store", ".localized", ".appledouble", ".fseventsd", ".spotlight-v100", ".trashes", ".temporaryitems",
        ".documentrevisions-v100", ".volumeicon.icns", ".apdisk", ".com.apple.timemachine.donotpresent", "icon\r",
        // Windows
        "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information",
        // NAS boxes
        "@eadir", ".@__thumb", ".@__qini", "@recycle", "@recently-snapshot", ".snapshot", ".snapshots", "~snapshot",
        ".zfs", ".recycle", ".streams",
        // Linux desktops, file servers and synchronizers
        ".directory", ".stfolder", ".stversions", ".sync", ".sync.ffs_db", ".owncloudsync.log",
    ]

    private static let beginnings = [
        silly, "._", ".#", "~$", ".~lock.", ".trash-", ".fuse_hidden", ".goutputstream-", ".smbdelete", ".syncthing.",
        ".rsync", ".afpdeleted",
    ]

    /// Folders at the top of a disk or a share.
    private static let top: Set<String> = [
        "lost+found", "#recycle", "#snapshot", "@tmp", "@sharebin",
    ]

    /// Whether a name that can be no key is litter.
    /// - Parameter isFolder: whether it is a folder's; else an editor's spare copy (`a.json~`) counts.
    package static func isName(_ name: some StringProtocol, isFolder: Bool = false) -> Bool {
        let lower = name.lowercased()
        if names.contains(lower) || beginnings.contains(where: lower.hasPrefix) { return true }
        if isFolder { return false }
        return lower.hasSuffix("~") || lower.hasPrefix(".") && (lower.hasSuffix(".swp") || lower.hasSuffix(".swo"))
    }

    /// Whether a name at the top of a root is litter, although keys may be called so.
    package static func isAtTop(_ name: some StringProtocol) -> Bool { top.contains(name.lowercased()) }
}
