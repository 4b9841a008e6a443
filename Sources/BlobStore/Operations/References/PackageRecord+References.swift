extension PackageRecord {
    /// Each digest that this record names, once.
    var allReferences: [Reference] {
        let isDeleted = deleted != nil
        let current = Reference(digest: digest, size: size, kind: isDeleted ? .deleted : .current, path: path.text)
        return [current]
            + (previous ?? []).filter { $0.digest != digest }.map {
                Reference(digest: $0.digest, size: $0.size, kind: isDeleted ? .deleted : .former, path: path.text)
            }
    }
}
