internal import BlobHTTP
internal import ObjectStorage

/// Finds out what a server promises where servers differ, with small objects of its own.
///
/// *Cost*: some twenty small requests, a part of them side by side.
struct CapabilityProbe {
    /// Where its objects stand, below the root's prefix. The name is no key, so that nothing else stands there.
    static let folder = ".probe/"
    /// An object that stays there, for writes that must fail.
    static let standing = folder + "standing"
    private static let racers = 4

    private enum Answer {
        case won(etag: String)
        case lost
        /// The server does not know the condition.
        case unknown
        /// Failed, as one server answers those who lose a race.
        case failed(StoreError)
    }

    let session: S3Session
    let prefix: String

    /// What is found is kept for good. So only clear answers count: where one is missing, all begins anew under another
    /// name.
    /// - Throws: what the requests throw; `unavailable` where there was no clear answer in the end.
    func run() async throws(StoreError) -> ServerCapabilities {
        var attempts: Attempts?
        while true {
            do throws(StoreError) { return try await attempt() } catch {
                guard error.isRetryable else { throw error }
                try await session.retries.pause(&attempts, after: error, "the probe of \(session.address.endpoint)")
            }
        }
    }

    private func attempt() async throws(StoreError) -> ServerCapabilities {
        let name = "\(prefix)\(Self.folder)\(UInt64.random(in: 0...UInt64.max))"
        let found: Result<ServerCapabilities, StoreError>
        do throws(StoreError) {
            var guarantees = try await measure(name)
            try await look(name, &guarantees)
            found = .success(guarantees)
        } catch { found = .failure(error) }
        await remove(["", "-race", "-order/a/b", "-order/a-b"].map { name + $0 })
        return try found.get()
    }

    /// Sees what comes of two plain writes: how their names are listed, whether a checksum is taken, and whether the
    /// bucket keeps versions.
    private func look(_ name: String, _ guarantees: inout ServerCapabilities) async throws(StoreError) {
        let folder = name + "-order/"
        let call = try content(folder + "a/b")
        guarantees.keepsVersions = try await session.send(call).headers.tellsVersion
        guarantees.takesChecksums = try await takesChecksum(folder + "a-b")
        if !guarantees.takesChecksums { _ = try await session.send(try content(folder + "a-b")) }
        guarantees.order = try await order(folder)
    }

    private func takesChecksum(_ name: String) async throws(StoreError) -> Bool {
        var call = try content(name)
        call.setChecksum()
        call.accepted = [400, 501]
        let response = try await session.send(call)
        if response.head.isSuccess { return true }
        let refusal = Refusal(response)
        if refusal.isTransient || refusal.isOfExpiredCredentials { throw session.error(refusal) }
        return false
    }

    /// A small object of chance content. Its Content-MD5 is what a bucket with object lock asks for.
    private func content(_ name: String) throws(StoreError) -> S3Call {
        var call = S3Call("PUT", name)
        try call.set(body: Array("probe \(UInt64.random(in: 0...UInt64.max))".utf8), contentType: "text/plain")
        try call.setMD5()
        return call
    }

    /// Lists two names whose order shows how the server sorts.
    private func order(_ folder: String) async throws(StoreError) -> ServerCapabilities.Order {
        let query = [(name: "list-type", value: "2"), (name: "prefix", value: folder)]
        let (answer, _) = try await session.send(S3Call("GET", nil, query: query), for: ObjectListingAnswer.self)
        switch answer.objects.map({ $0.key.dropFirst(folder.count) }) {
        case ["a-b", "a/b"]: return .names
        case ["a/b", "a-b"]: return .folders
        default:
            throw StoreError(
                .unsupported, "\(session.address.endpoint) does not list what was just written, or not in order")
        }
    }

    private func measure(_ name: String) async throws(StoreError) -> ServerCapabilities {
        let none = ServerCapabilities(holdsCreation: false, replacement: .none)
        guard let first = try await put(name, creating: true, mayLose: false) else { return none }
        guard try await isLost(name, creating: true) else { return none }
        guard try await winners(of: name + "-race", nil) == 1 else { return none }
        for form in [ServerCapabilities.Replacement.quoted, .unquoted] {
            guard let second = try await put(name, matching: form.value(first)) else { continue }
            guard try await isLost(name, matching: form.value(first)) else { continue }
            guard try await winners(of: name, form.value(second)) == 1 else { continue }
            return ServerCapabilities(holdsCreation: true, replacement: form)
        }
        return ServerCapabilities(holdsCreation: true, replacement: .none)
    }

    /// Writes while nobody else does.
    /// - Parameter mayLose: whether the server may say that the condition does not hold.
    /// - Returns: the ETag; nil where the condition is not known, or did not hold.
    private func put(
        _ name: String, creating: Bool = false, matching etag: String? = nil, mayLose: Bool = true
    ) async throws(StoreError) -> String? {
        switch try await answer(name, creating: creating, matching: etag) {
        case .won(let etag): return etag
        case .unknown: return nil
        case .lost where mayLose: return nil
        case .lost: throw unclear("it refuses to create what nobody else writes", nil)
        case .failed(let error): throw error
        }
    }

    /// Writes what must not be written, while nobody else does.
    private func isLost(
        _ name: String, creating: Bool = false, matching etag: String? = nil
    ) async throws(StoreError) -> Bool {
        switch try await answer(name, creating: creating, matching: etag) {
        case .lost: return true
        case .won, .unknown: return false
        case .failed(let error): throw error
        }
    }

    /// Whether writes that must fail still do: to create what is there, and to replace what it is not.
    ///
    /// *Cost*: two requests, and one more for the first process.
    func stillHolds(_ found: ServerCapabilities) async throws(StoreError) -> Bool {
        let name = prefix + Self.standing
        var attempts: Attempts?
        while true {
            do throws(StoreError) {
                var isHeld = try await isLost(name, creating: true)
                if !isHeld { isHeld = try await isLost(name, creating: true) }  // It was not there yet.
                guard isHeld else { return false }
                return try await isLost(name, matching: found.replacement.value(Self.noETag))
            } catch {
                guard error.isRetryable else { throw error }
                try await session.retries.pause(&attempts, after: error, "the check of \(session.address.endpoint)")
            }
        }
    }

    /// An ETag that no object has.
    private static let noETag = String(repeating: "0", count: 32)

    /// Lets some race for the same name; how many were told that they won.
    /// - Throws: `unavailable` where nobody won: then all may just have failed.
    private func winners(of name: String, _ etag: String?) async throws(StoreError) -> Int {
        let answers = await withTaskGroup(of: Result<Answer, StoreError>.self) { group in
            for _ in 0..<Self.racers {
                group.addTask {
                    do throws(StoreError) {
                        return .success(try await answer(name, creating: etag == nil, matching: etag))
                    } catch { return .failure(error) }
                }
            }
            return await group.reduce(into: [Result<Answer, StoreError>]()) { $0.append($1) }
        }
        var count = 0
        var failure: StoreError?
        for answer in answers {
            switch try answer.get() {
            case .won: count += 1
            case .failed(let error): failure = error
            case .lost, .unknown: break
            }
        }
        guard count > 0 else { throw unclear("none of \(Self.racers) simultaneous writers won", failure) }
        return count
    }

    private func unclear(_ what: String, _ failure: StoreError?) -> StoreError {
        StoreError(
            .unavailable,
            "\(session.address.endpoint) could not be probed, because \(what); try again"
                + (failure.map { " (\($0.message))" } ?? ""), cause: failure?.cause)
    }

    private func answer(
        _ name: String, creating: Bool, matching etag: String?
    ) async throws(StoreError) -> Answer {
        var call = try content(name)
        if creating { call.headers["If-None-Match"] = "*" }
        call.headers["If-Match"] = etag
        call.repetition = .onlyIfUnsent
        call.accepted = [409, 412, 500, 501, 405]
        let response = try await session.send(call)
        switch response.status {
        case 200..<300:
            guard let etag = response.headers["ETag"] else { throw unclear("it gives no ETag", nil) }
            return .won(etag: etag)
        case 412: return .lost
        case 501, 405: return .unknown
        default: return .failed(unclear("it fails", session.error(Refusal(response))))
        }
    }

    /// What is left behind does no harm: it is listed by nobody, and removed as an upload that was given up.
    private func remove(_ names: [String]) async {
        for name in names {
            var call = S3Call("DELETE", name)
            call.repetition = .never
            _ = try? await session.send(call)
        }
    }
}

extension ServerCapabilities.Replacement {
    /// The `If-Match` field for an ETag, which is told with quotes.
    func value(_ etag: String) -> String {
        let bare = etag.filter { $0 != "\"" }
        return self == .unquoted ? bare : "\"\(bare)\""
    }
}
