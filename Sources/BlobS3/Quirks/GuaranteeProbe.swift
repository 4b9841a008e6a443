internal import BlobStore

/// Finds out what a server promises where servers differ, with small objects of its own.
///
/// *Cost*: some twenty small requests, a part of them side by side.
struct GuaranteeProbe {
    /// Where its objects stand, below the root's prefix. The name is no key, so that nothing else stands there.
    static let folder = ".probe/"
    private static let racers = 4
    private static let maximumTries = 3

    private enum Answer {
        case won(etag: String)
        case lost
        /// The server does not know the condition.
        case unknown
    }

    let session: S3Session
    let prefix: String

    /// - Throws: what the requests throw; `unavailable` where the network left no clear answer.
    func run() async throws(StoreError) -> Guarantees {
        var last: StoreError?
        for _ in 0..<Self.maximumTries {
            let name = "\(prefix)\(Self.folder)\(UInt64.random(in: 0...UInt64.max))"
            let found: Result<Guarantees, StoreError>
            do throws(StoreError) {
                var guarantees = try await measure(name)
                guarantees.order = try await order(name)
                found = .success(guarantees)
            } catch { found = .failure(error) }
            await remove(["", "-race", "-order/a/b", "-order/a-b"].map { name + $0 })
            switch found {
            case .success(let guarantees): return guarantees
            case .failure(let error):
                guard error.isRetryable else { throw error }
                last = error
            }
        }
        throw last ?? StoreError(.unavailable, "the server could not be probed")
    }

    /// Lists two names whose order shows how the server sorts.
    private func order(_ name: String) async throws(StoreError) -> Guarantees.Order {
        let folder = name + "-order/"
        for leaf in ["a/b", "a-b"] {
            var call = S3Call("PUT", folder + leaf)
            try call.set(body: [], contentType: "text/plain")
            _ = try await session.send(call)
        }
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

    private func measure(_ name: String) async throws(StoreError) -> Guarantees {
        let none = Guarantees(holdsCreation: false, replacement: .none)
        guard case .won(let first) = try await put(name, creating: true) else { return none }
        guard case .lost = try await put(name, creating: true) else { return none }
        guard try await winners(of: name + "-race", nil) == 1 else { return none }
        for form in [Guarantees.Replacement.quoted, .unquoted] {
            guard case .won(let second) = try await put(name, matching: form.value(first)) else { continue }
            let isHeld = try await isLost(name, form.value(first))
            guard isHeld, try await winners(of: name, form.value(second)) == 1 else { continue }
            return Guarantees(holdsCreation: true, replacement: form)
        }
        return Guarantees(holdsCreation: true, replacement: .none)
    }

    private func isLost(_ name: String, _ etag: String) async throws(StoreError) -> Bool {
        if case .lost = try await put(name, matching: etag) { true } else { false }
    }

    /// Lets some race for the same name; how many were told that they won.
    private func winners(of name: String, _ etag: String?) async throws(StoreError) -> Int {
        let answers = await withTaskGroup(of: Result<Answer, StoreError>.self) { group in
            for _ in 0..<Self.racers {
                group.addTask {
                    do throws(StoreError) {
                        return .success(try await put(name, creating: etag == nil, matching: etag))
                    } catch { return .failure(error) }
                }
            }
            var answers: [Result<Answer, StoreError>] = []
            for await answer in group { answers.append(answer) }
            return answers
        }
        var count = 0
        for answer in answers {
            if case .won = try answer.get() { count += 1 }
        }
        return count
    }

    private func put(
        _ name: String, creating: Bool = false, matching etag: String? = nil
    ) async throws(StoreError) -> Answer {
        var call = S3Call("PUT", name)
        try call.set(body: Array("probe \(UInt64.random(in: 0...UInt64.max))".utf8), contentType: "text/plain")
        if creating { call.headers["If-None-Match"] = "*" }
        call.headers["If-Match"] = etag
        call.repetition = .onlyIfUnsent
        // One server answers losers of a race with 500; who won shows by who was told so.
        call.accepted = [409, 412, 500, 501, 405]
        let response = try await session.send(call)
        switch response.status {
        case 200..<300:
            guard let etag = response.headers["ETag"] else { return .unknown }
            return .won(etag: etag)
        case 501, 405: return .unknown
        default: return .lost
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

extension Guarantees.Replacement {
    /// The `If-Match` field for an ETag, which is told with quotes.
    func value(_ etag: String) -> String {
        let bare = etag.filter { $0 != "\"" }
        return self == .unquoted ? bare : "\"\(bare)\""
    }
}
