extension FeedVisit {
    /// Puts a sound record over one that is garbled or names another path; what stood there is kept in quarantine.
    /// - Returns: false when the record is absent, or sound by now.
    /// - Throws: `preconditionFailed` when another wrote meanwhile; `unknownFormat`.
    package func heal(_ record: PackageRecord, by: String) async throws(StoreError) -> Bool {
        let healed = try await storage.replaceGarbled(
            record.path.key, with: record, isSound: { $0.path == record.path }
        ) { (garbled) async throws(StoreError) in
            try await content.quarantine(
                garbled, why: "the record of \"\(record.path)\" was garbled and was written anew", by: by)
        }
        return healed != nil
    }
}
