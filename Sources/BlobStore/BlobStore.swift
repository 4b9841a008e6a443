/// The storage protocol, its keys and its error are part of what this module says: whoever imports it has them too.
@_exported public import ObjectStorage
