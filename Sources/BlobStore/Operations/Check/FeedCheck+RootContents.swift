extension FeedCheck {
    /// Looks at everything in the root but records and blobs.
    /// - Returns: what is in quarantine, by digest, to be named with the packages it affects.
    func checkRootContents() async throws(StoreError) -> [Digest: [Key]] {
        tally.counter.begin("checking the root")
        try await checkSettings()
        try await checkTop()
        for folder in [FeedLayout.retired, FeedLayout.collection, FeedLayout.checks] {
            for try await page in opened.storage.list(ListRequest(folder, wantsDetails: true, passesUnreadable: true)) {
                for entry in page { tally.add(oddity: entry) }
            }
        }
        do { try await checkUploads() } catch  where error.concernsOnePlace { tally.incomplete(error) }
        return try await quarantined()
    }

    /// What the place itself is set to do with what stands there. What cannot be read says nothing.
    private func checkSettings() async throws(StoreError) {
        guard let configured = try await opened.storage.capability((any ConfiguredStorage).self) else { return }
        for setting in try await configured.settings() where setting.holds == false {
            tally.add(.bucketSettings, key: setting.name, setting.detail)
        }
    }

    private func checkTop() async throws(StoreError) {
        let known: Set = [
            FeedLayout.marker.text, "blobs/", FeedLayout.packages.text, FeedLayout.retired.text,
            FeedLayout.quarantine.text, FeedLayout.collection.text, FeedLayout.checks.text, "lost+found/",
        ]
        let flaw = "not part of a feed root"
        try await tally.expect(known, in: .root, of: opened.storage, else: flaw)
        try await tally.expect(
            [FeedLayout.blobs.text], in: KeyPrefix(trusted: "blobs/"), of: opened.storage, else: flaw)
    }

    private func checkUploads() async throws(StoreError) {
        for try await page in opened.storage.uploadsInFlight() {
            for upload in page where upload.age > opened.leftoverAge {
                tally.add(
                    .staleStaging, key: upload.id,
                    "\(upload.id) has not grown for \(upload.age.components.seconds) s and was probably left by a dead "
                        + "process; \"blobtool gc\" frees its \(upload.size) bytes"
                )
            }
        }
    }

    private func quarantined() async throws(StoreError) -> [Digest: [Key]] {
        var found: [Digest: [Key]] = [:]
        for try await page in opened.storage.list(
            ListRequest(FeedLayout.quarantine, wantsDetails: true, passesUnreadable: true))
        {
            for entry in page {
                guard case .key(let key, _) = entry else {
                    tally.add(oddity: entry)
                    continue
                }
                if key.isRecord { continue }
                guard let digest = FeedLayout.digest(ofSetAside: key) else {
                    tally.add(.unexpectedObject, key: key.text, "\(key) is not a quarantined blob; move it away")
                    continue
                }
                if found.count < 100_000 {
                    found[digest, default: []].append(key)
                } else {
                    tally.add(.quarantined, key: key.text, "a damaged blob is kept here for inspection")
                }
            }
        }
        return found
    }
}
