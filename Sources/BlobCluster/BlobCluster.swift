/// The store is part of what this module says: whoever imports it has that, too.
@_exported public import BlobStore
