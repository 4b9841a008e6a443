/// A storage whose objects are files, of which the filesystem may be able to make copies that share their blocks.
public protocol CloneableObjects: Storage {
    /// Copies an object from another storage on the same filesystem without moving bytes or taking room. Unlike with a
    /// link, whoever writes into one of the two files leaves the other as it was.
    /// - Throws: `unsupported` on another filesystem, or one that cannot (ext4); `notFound`; `corrupt` when another
    ///   size stands at the destination.
    /// - Source: ioctl_ficlone(2), on xfs and btrfs.
    func cloneObject(from source: any Storage, _ key: Key, to destination: Key) async throws(StoreError)
}
