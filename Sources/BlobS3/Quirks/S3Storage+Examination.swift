internal import BlobCrypto
public import BlobStore
internal import FoundationEssentials

extension S3Storage: ExaminedStorage {
    public func examine() async throws(StoreError) -> Examination {
        try await during("examine") { () async throws(StoreError) in
            var found = Examination()
            let guarantees = try await guarantees.settled()
            found.place =
                "bucket \"\(session.address.bucket)\" at \(session.address.endpoint), region "
                + session.address.region
            found.guarantees = [
                conditionalCreation(guarantees), conditionalReplacement(guarantees), try await lateRemoval(),
                try await payloadHash(), try await contentMD5(), try await ranges(), order(guarantees),
            ]
            return found
        }
    }

    /// A bucket has no folders that could be left.
    public func dismantle() async throws(StoreError) {}
}

extension S3Storage: SweptStorage {
    /// A server on top of a filesystem also leaves folders, and lists them as names that end with a slash: those go
    /// last, the deepest first.
    public func sweep() async throws(StoreError) {
        guard !prefix.isEmpty else { throw StoreError(.invalidArgument, "a whole bucket is not swept") }
        try await during("sweep") { () async throws(StoreError) in
            for _ in 0..<Self.pagesAtMost {
                let (answer, _) = try await session.send(listCall(ListPage()), for: ObjectListingAnswer.self)
                let names = Set(answer.objects.map(\.key)).filter { $0.utf8.starts(with: prefix.utf8) }
                if names.isEmpty { return }
                let files = names.filter { !$0.hasSuffix("/") }
                if !files.isEmpty {
                    for failure in try await session.delete(together: files.sorted()) {
                        throw StoreError(.failed, "\"\(failure.key)\" could not be removed: \(failure.message)")
                    }
                    continue
                }
                for folder in names.sorted(by: { $0.utf8.count > $1.utf8.count }) { try await session.delete(folder) }
            }
            throw StoreError(.failed, "names keep being listed that were removed")
        }
    }

    /// Of 1,000 names each.
    private static let pagesAtMost = 100
}

extension S3Storage {
    private func conditionalCreation(_ found: Guarantees) -> Guarantee {
        Guarantee(
            "conditional-create", holds: found.holdsCreation,
            found.holdsCreation
                ? "If-None-Match: * lets one of several writers create"
                : "If-None-Match: * is ignored: of two nodes that create the same record both believe to have won")
    }

    private func conditionalReplacement(_ found: Guarantees) -> Guarantee {
        let detail =
            switch found.replacement {
            case .quoted: "If-Match lets one of several writers replace"
            case .unquoted: "If-Match lets one of several writers replace, with the ETag written without quotes"
            case .none: "If-Match is ignored or never holds: writers overwrite each other, and nobody notices"
            }
        return Guarantee("conditional-replace", holds: found.replacement != .none, detail)
    }

    private func order(_ found: Guarantees) -> Guarantee {
        Guarantee(
            "listing-by-name", holds: found.order == .names, isNeeded: false,
            found.order == .names
                ? "names are listed in the order of their bytes, 1,000 a request"
                : "names are listed folder by folder, which costs a request for each folder of a large listing")
    }

    /// What a collector that was paused sends too late must not be carried out, and what it sends in time must be.
    private func lateRemoval() async throws(StoreError) -> Guarantee {
        let seconds = fence.components.seconds
        let told = "a removal that was signed \(seconds) s ago"
        guard try await !isRemoved(signedSecondsAgo: seconds) else {
            return Guarantee(
                "late-removal", holds: false,
                "\(told) is carried out, so that a paused collector removes what was published since: never run "
                    + "\"gc --delete\" there while nodes publish")
        }
        let isPrompt = try await isRemoved(signedSecondsAgo: 0)
        return Guarantee(
            "late-removal", holds: isPrompt,
            isPrompt
                ? "\(told) is refused" : "a removal that was signed just now is refused: \"gc\" cannot remove there")
    }

    private func isRemoved(signedSecondsAgo seconds: Int64) async throws(StoreError) -> Bool {
        let key = try Key("late-removal")
        _ = try await writeObject(key, ObjectSource([1]))
        let removal = try await prepareRemoval(of: key, ago: seconds)
        do throws(StoreError) { try await removal.run() } catch  where error.code == .unavailable {}
        guard try await statObject(key) != nil else { return true }
        try await removeObject(key)
        return false
    }

    private func payloadHash() async throws(StoreError) -> Guarantee {
        var call = S3Call("PUT", try name(Key("payload")))
        try call.set(body: Array("sent".utf8), contentType: "text/plain")
        call.payloadHash = Hasher.hex(.sha256, of: "meant".utf8) ?? call.payloadHash
        let isRefused = try await refuses(call)
        return Guarantee(
            "payload-hash", holds: isRefused, isNeeded: false,
            isRefused
                ? "content that is not what its signed SHA-256 says is refused"
                : "content that is not what its signed SHA-256 says is stored: use \"migrate --verify read-back\", and "
                    + "let \"check\" read all content some time")
    }

    private func contentMD5() async throws(StoreError) -> Guarantee {
        var call = S3Call("PUT", try name(Key("payload")))
        try call.set(body: Array("sent".utf8), contentType: "text/plain")
        var hasher = Hasher(.md5)
        hasher.update(Array("meant".utf8))
        call.headers["Content-MD5"] = hasher.finish().map { Data($0).base64EncodedString() }
        let isRefused = try await refuses(call)
        return Guarantee(
            "content-md5", holds: isRefused, isNeeded: false,
            "content that is not what its Content-MD5 says is \(isRefused ? "refused" : "stored")")
    }

    /// Whether the server refuses damaged content for what it is.
    private func refuses(_ call: S3Call) async throws(StoreError) -> Bool {
        var call = call
        call.repetition = .never
        call.accepted = Set(400..<500)
        let status = try await session.send(call).status
        try await removeObject(try Key("payload"))
        return status >= 400
    }

    private func ranges() async throws(StoreError) -> Guarantee {
        let key = try Key("ranges")
        _ = try await writeObject(key, ObjectSource(Array("0123456789".utf8)))
        let call = partCall(try name(key), 3..<7, etag: nil)
        let response = try await session.send(call)
        try await removeObject(key)
        let holds = response.status == 206 && response.body == Array("3456".utf8)
        return Guarantee(
            "ranges", holds: holds, isNeeded: false,
            holds
                ? "a part of an object can be asked for"
                : "asked for a part, it answers \(response.status) with \(response.body.count) bytes"
        )
    }
}
