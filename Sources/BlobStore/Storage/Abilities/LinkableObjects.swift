/// A storage whose objects are files of this machine, which can be given further names outside of it.
public protocol LinkableObjects: Storage {
    /// Gives an object another name on the same filesystem, outside the root: both name the same bytes, so that
    /// whoever writes into one changes the other.
    /// - Throws: `unsupported` on another filesystem; `alreadyExists`; `notFound`.
    /// - Source: link(2).
    func linkObject(_ key: Key, toPath path: String) async throws(StoreError)
}
