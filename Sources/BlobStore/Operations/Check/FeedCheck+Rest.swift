extension FeedCheck {
    /// Looks at everything in the root but records and blobs.
    /// - Returns: what is in quarantine, by digest, to be named with the packages it affects.
    func checkRest() async throws(StoreError) -> [Digest: [Key]] {
        tally.counter.begin("looking around")
        try await checkTop()
        for folder in [FeedLayout.retired, FeedLayout.collection, FeedLayout.checks] {
            for try await page in visit.storage.list(ListRequest(folder, wantsDetails: true)) {
                for entry in page { tally.add(oddity: entry) }
            }
        }
        try await checkUploads()
        return try await quarantined()
    }

    private func checkTop() async throws(StoreError) {
        let known: Set = [
            FeedLayout.marker.text, "blobs/", FeedLayout.packages.text, FeedLayout.retired.text,
            FeedLayout.quarantine.text, FeedLayout.collection.text, FeedLayout.checks.text, "lost+found/",
        ]
        let flaw = "no part of a feed root"
        try await tally.expect(known, in: .root, of: visit.storage, else: flaw)
        try await tally.expect([FeedLayout.blobs.text], in: KeyPrefix(trusted: "blobs/"), of: visit.storage, else: flaw)
    }

    private func checkUploads() async throws(StoreError) {
        for try await page in visit.storage.uploadsInFlight() {
            for upload in page where upload.age > visit.leftoverAge {
                tally.add(
                    .staleStaging, key: upload.id,
                    "\(upload.id) has not grown for \(upload.age.components.seconds) s, as what a dead process leaves "
                        + "behind; it holds \(upload.size) bytes, which collecting frees"
                )
            }
        }
    }

    private func quarantined() async throws(StoreError) -> [Digest: [Key]] {
        var found: [Digest: [Key]] = [:]
        for try await page in visit.storage.list(ListRequest(FeedLayout.quarantine, wantsDetails: true)) {
            for entry in page {
                guard case .key(let key, _) = entry else {
                    tally.add(oddity: entry)
                    continue
                }
                if key.isRecord { continue }
                guard let digest = FeedLayout.digest(ofSetAside: key) else {
                    tally.add(.unexpectedObject, key: key.text, "\(key) is no quarantined blob: move it away")
                    continue
                }
                if found.count < 100_000 {
                    found[digest, default: []].append(key)
                } else {
                    tally.add(.quarantined, key: key.text, "a damaged blob is kept here for a person to look at")
                }
            }
        }
        return found
    }
}
