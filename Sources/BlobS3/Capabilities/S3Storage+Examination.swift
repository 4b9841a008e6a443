internal import BlobCrypto
internal import BlobHTTP
public import ObjectStorage

extension S3Storage: ExaminedStorage {
    public func examine() async throws(StoreError) -> Examination {
        try await during("examine") { () async throws(StoreError) in
            var found = Examination()
            let guarantees = try await learned.confirmed()
            found.place = title
            found.guarantees = [
                conditionalCreation(guarantees), conditionalReplacement(guarantees), try await measureLateRemovals(),
                try await payloadHash(), try await contentMD5(), try await ranges(), order(guarantees),
            ]
            let settings = try await settings()
            found.guarantees += settings
            found.advice = settings.filter { $0.holds == false }.map(\.detail)
            return found
        }
    }

    /// A bucket has no folders that could be left, but an object that stood there for the measuring.
    public func dismantle() async throws(StoreError) {
        try await during("dismantle") { () async throws(StoreError) in
            try await session.delete(prefix + CapabilityProbe.standing)
        }
    }
}

extension S3Storage: SweptStorage {
    /// A server on top of a filesystem also leaves folders, and lists them as names that end with a slash: those go
    /// last, the deepest first.
    public func sweep() async throws(StoreError) {
        guard !prefix.isEmpty else { throw StoreError(.invalidArgument, "a whole bucket is never swept") }
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
            throw StoreError(.failed, "names that were removed are still listed")
        }
    }

    /// Of 1,000 names each.
    private static let pagesAtMost = 100
}

extension S3Storage {
    func conditionalCreation(_ found: ServerCapabilities) -> Guarantee {
        Guarantee(
            "conditional-create", holds: found.holdsCreation,
            found.holdsCreation
                ? "If-None-Match: * lets one of several writers create"
                : "If-None-Match: * is ignored, so if two nodes create the same record, both believe that they won")
    }

    func conditionalReplacement(_ found: ServerCapabilities) -> Guarantee {
        let detail =
            switch found.replacement {
            case .quoted: "If-Match lets one of several writers replace"
            case .unquoted: "If-Match lets one of several writers replace, with the ETag written without quotes"
            case .none: "If-Match is ignored or never holds, so writers overwrite each other unnoticed"
            }
        return Guarantee("conditional-replace", holds: found.replacement != .none, detail)
    }

    func order(_ found: ServerCapabilities) -> Guarantee {
        Guarantee(
            "listing-by-name", holds: found.order == .names, isNeeded: false,
            found.order == .names
                ? "names are listed in byte order, 1,000 per request"
                : "names are listed folder by folder, which costs a request for each folder of a large listing")
    }

    private func payloadHash() async throws(StoreError) -> Guarantee {
        var call = S3Call("PUT", try name(Key("payload")))
        try call.set(body: Array("sent".utf8), contentType: "text/plain")
        try call.setMD5()
        call.payloadHash = Hasher.hex(.sha256, of: "meant".utf8) ?? call.payloadHash
        let isRefused = try await refuses(call)
        return Guarantee(
            "payload-hash", holds: isRefused, isNeeded: false,
            isRefused
                ? "content that is not what its signed SHA-256 says is refused"
                : "content that is not what its signed SHA-256 says is stored; use \"migrate --verify read-back\", and "
                    + "let \"check\" read all content regularly")
    }

    private func contentMD5() async throws(StoreError) -> Guarantee {
        var call = S3Call("PUT", try name(Key("payload")))
        try call.set(body: Array("sent".utf8), contentType: "text/plain")
        var meant = call
        meant.body = .bytes(Array("meant".utf8))
        try meant.setMD5()
        call.headers["Content-MD5"] = meant.headers["Content-MD5"]
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
                ? "a part of an object can be requested"
                : "a request for a part is answered with status \(response.status) with \(response.body.count) bytes"
        )
    }
}

extension S3Storage: ConfiguredStorage {
    /// *Cost*: three small requests.
    public func settings() async throws(StoreError) -> [Guarantee] {
        [try await versioning(), try await objectLock(), try await lifecycle()]
    }

    private func versioning() async throws(StoreError) -> Guarantee {
        guard let found = try await read("versioning", VersioningAnswer.self) else { return unread("versioning-off") }
        let bucket = "the bucket \"\(session.address.bucket)\""
        let detail =
            found.isEnabled
            ? "versioning is on in \(bucket), so each change of a record and each refresh of a blob keeps one more "
                + "version, and on some servers conditional writes no longer hold; let old versions expire, or use another "
                + "bucket"
            : found.isSuspended
                ? "versioning is suspended in \(bucket), so on some servers what was removed cannot be created again; "
                    + "use a bucket that never kept versions" : "the bucket keeps no versions"
        return Guarantee(
            "versioning-off", holds: !found.isEnabled && !found.isSuspended, isNeeded: false, detail)
    }

    private func objectLock() async throws(StoreError) -> Guarantee {
        let none = ["ObjectLockConfigurationNotFoundError"]
        guard let found = try await read("object-lock", ObjectLockAnswer.self, absent: none) else {
            return unread("object-lock-off")
        }
        let retention = found.retention.map { " by default (\($0))" } ?? ""
        return Guarantee(
            "object-lock-off", holds: !found.isEnabled, isNeeded: false,
            found.isEnabled
                ? "object lock is on in the bucket \"\(session.address.bucket)\"\(retention), so objects cannot be "
                    + "collected or purged until their lock ends; use a bucket without it"
                : "the bucket locks no objects")
    }

    private func lifecycle() async throws(StoreError) -> Guarantee {
        let none = ["NoSuchLifecycleConfiguration"]
        guard let found = try await read("lifecycle", LifecycleAnswer.self, absent: none) else {
            return unread("lifecycle-off")
        }
        let rules = found.threatening(prefix)
        let names = rules.prefix(5).map { "\"\($0.id)\"" }.joined(separator: ", ")
        let what = rules.contains(where: \.expires) ? "remove packages" : "move packages to another storage class"
        return Guarantee(
            "lifecycle-off", holds: rules.isEmpty, isNeeded: false,
            rules.isEmpty
                ? "no lifecycle rule of the bucket removes or moves what stands here"
                : "lifecycle rules of the bucket \"\(session.address.bucket)\" (\(names)) \(what) by age; "
                    + "remove them, or exclude \"\(prefix)\" from them")
    }

    private func unread(_ name: String) -> Guarantee {
        Guarantee(name, holds: nil, isNeeded: false, "the server or the account does not allow this setting to be read")
    }

    /// - Parameter absent: codes that say that there is no such setting.
    /// - Returns: nil where it could not be read, whatever the reason.
    private func read<Answer: XMLAnswer>(
        _ setting: String, _ answer: Answer.Type, absent: [String] = []
    ) async throws(StoreError) -> Answer? {
        let call = S3Call("GET", nil, query: [(name: setting, value: "")])
        do throws(StoreError) { return try await session.send(call, for: Answer.self).answer } catch {
            if error.code == .cancelled { throw error }
            if case .http(_, let code?, _) = error.cause, absent.contains(code) { return Answer() }
            return nil
        }
    }
}
