extension Feed {
    /// Changes what is kept with a package beside its content, without publishing it again: a tag, or a withdrawal.
    ///
    /// Content, publication and history stay as they are, and the record gets a new revision. An immutable feed admits
    /// it, too. Former annotations are kept only with former states of the package.
    /// - Parameters:
    ///   - condition: what must be published at the path; nil for anything.
    ///   - change: changes the annotations. It may be called again, on what another wrote or on what it made itself.
    /// - Returns: the package's record, and its revision.
    /// - Throws: `notFound` when there is no package, or it is deleted; `preconditionFailed` where the condition is not
    ///   met; `invalidArgument` for more than a record takes; `migrating`; `outcomeUnknown`.
    @discardableResult
    public func annotate(
        _ path: PackagePath, if condition: Condition? = nil, _ change: (inout [String: String]) -> Void
    ) async throws(StoreError) -> (record: PackageRecord, revision: String) {
        var written: PackageRecord?
        let stored = try await untilCurrent("while \"\(path)\" was annotated") {
            (opened) async throws(StoreError) -> Round<Stored<PackageRecord>>? in
            let found = try await opened.change(path) { (stored) async throws(StoreError) in
                // What an earlier round wrote meets the condition.
                if written == nil || written != stored.body { try condition?.check(stored, at: path) }
                guard stored.body.deleted == nil else {
                    throw StoreError(.notFound, "\"\(path)\" is deleted in feed \"\(name)\"; restore it first")
                }
                let next = stored.body.annotated(change)
                if next != stored.body { return next }
                // It may be another's work that no disk holds yet.
                try await opened.storage.flushRecord(path.key)
                return nil
            }
            written = found.body
            return Round(value: found)
        }
        return (stored.body, stored.document.revision)
    }
}

extension PackageRecord {
    fileprivate func annotated(_ change: (inout [String: String]) -> Void) -> PackageRecord {
        var all = annotations ?? [:]
        change(&all)
        var next = self
        next.annotations = all.isEmpty ? nil : all
        return next
    }
}
