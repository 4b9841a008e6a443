internal import BlobSystem
internal import ObjectStorage

/// Whose files are, and who may do what with them: as the root directory says, whatever the umask, so that nodes
/// under several accounts work beside each other.
struct Modes: Sendable, Equatable {
    private static let everyone: UInt32 = 0o777
    private static let readAndWrite: UInt32 = 0o666
    private static let setGroup: UInt32 = 0o2000

    /// Permissions of folders, with the set-group bit where the root has it.
    let folder: UInt32
    /// Permissions of files.
    let file: UInt32
    let group: UInt32
    /// The root directory's owner, for processes that may give files away.
    let owner: UInt32?
    private let filesystem: Filesystem

    init(root: FileStatus, filesystem: Filesystem, user: UInt32) {
        folder = root.permissions & (Self.everyone | Self.setGroup)
        file = root.permissions & Self.readAndWrite
        group = root.group
        owner = user == 0 ? root.owner : nil
        self.filesystem = filesystem
    }

    /// Gives a new file or folder its mode, group and owner, if it does not have them.
    /// - Throws: `permissionDenied` when this account may not give it to the root's group.
    func adopt(_ new: OpenFile, _ status: FileStatus) throws(StoreError) {
        try adoptGroup(new, status)
        let wanted = status.kind == .directory ? folder : file
        if status.permissions == wanted { return }
        do { try new.calls.setPermissions(new.raw, to: wanted) } catch {
            // A mount may have no modes of its own; then those that it shows are all there is.
            if filesystem.isShared, error == .notPermitted || error == .notSupported { return }
            throw StoreError(error, call: "fchmod", new.subject)
        }
    }

    private func adoptGroup(_ new: OpenFile, _ status: FileStatus) throws(StoreError) {
        let giveAway = owner.flatMap { $0 == status.owner ? nil : $0 }
        let regroup = group == status.group ? nil : group
        if giveAway == nil && regroup == nil { return }
        do { try new.calls.setOwner(new.raw, to: giveAway, group: regroup) } catch {
            // A server that does not trust this machine's root keeps the owner to itself; the group is what counts.
            guard let regroup else {
                if error == .notPermitted || error == .notSupported { return }
                throw StoreError(error, call: "fchown", new.subject)
            }
            do { try new.calls.setOwner(new.raw, to: nil, group: regroup) } catch {
                throw StoreError(
                    .permissionDenied,
                    "this account is not in the group \(regroup) of the root directory, which all files there have; "
                        + "add it to that group, or run chmod g+s on the directory (fchown: \(error))"
                ).under(.wholeRoot)
            }
        }
    }

    /// Why other accounts may not be able to use something as they must; nil when they can.
    func flaw(_ status: FileStatus) -> String? {
        let wanted = status.kind == .directory ? folder : file
        if status.permissions & wanted != wanted {
            return "its mode is \(octal(status.permissions)) and lacks bits of the root's \(octal(wanted))"
        }
        if status.group != group { return "its group is \(status.group), and the root's is \(group)" }
        return nil
    }

    private func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
