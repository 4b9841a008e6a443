internal import BlobSystem
public import ObjectStorage
internal import Synchronization

extension FileStorage {
    /// A page is one visit to a blocking thread, and the next is prepared while the caller works on the last.
    public func list(_ request: ListRequest) -> AsyncPull<[ListEntry]> {
        if request.prefix.text.utf8.starts(with: Staging.folder.text.utf8) { return AsyncPull { () in nil } }
        return pages(of: request)
    }

    private func pages(of request: ListRequest) -> AsyncPull<[ListEntry]> {
        let listing = Listing(request, storage: self)
        return AsyncPull { () async throws(StoreError) in try await listing.next() }
    }

    /// What stands in `staging/`, of living and dead processes.
    public func uploadsInFlight() -> AsyncPull<[UploadInFlight]> {
        let pages = pages(of: ListRequest(Staging.folder, isFlat: true, wantsDetails: true))
        return AsyncPull { () async throws(StoreError) in
            var pages = pages.makeAsyncIterator()
            while let page = try await pages.next() {
                let uploads = page.compactMap { entry -> UploadInFlight? in
                    guard case .key(let key, let info?) = entry else { return nil }
                    return UploadInFlight(id: key.text, size: info.size, age: info.age)
                }
                if !uploads.isEmpty { return uploads }
            }
            return nil
        }
    }

    public func discardUpload(_ upload: UploadInFlight) async throws(StoreError) {
        let key = try Key(upload.id)
        guard key.folder == Staging.folder else {
            throw StoreError(.invalidArgument, "\"\(upload.id)\" is not an upload of this storage")
        }
        try await blocking("discardUpload") { (root, _) throws(StoreError) in
            _ = try root.folders.existing(Staging.folder)?.unlink(String(key.name))
        }
    }
}

/// A listing in progress, one page ahead of its reader.
private final class Listing: Sendable {
    private typealias Step = (walk: ListingWalk, page: [ListEntry])
    /// A page, and from where on it was listed.
    private typealias Answer = (walk: ListingWalk, result: Result<Step, StoreError>)

    private struct State {
        var ahead: Pending<Answer>?
        /// Where the next page begins; nil when it is on its way, or there is none.
        var walk: ListingWalk?
        var failure: StoreError?
    }

    private let storage: FileStorage
    private let prefix: KeyPrefix
    private let state: Mutex<State>

    init(_ request: ListRequest, storage: FileStorage) {
        self.storage = storage
        prefix = request.prefix
        state = Mutex(State(walk: ListingWalk(request)))
    }

    func next() async throws(StoreError) -> [ListEntry]? {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        if Task.isCancelled { throw StoreError(.cancelled, "the listing was cancelled") }
        var outage = Outage(of: storage)
        while true {
            prepare()
            guard let ahead = state.withLock({ $0.ahead.take() }) else { return nil }
            let answer = await ahead.take()
            do throws(StoreError) {
                let step = try answer.result.get()
                if !step.walk.isAtEnd {
                    state.withLock { $0.walk = step.walk }
                    prepare()
                }
                return step.page.isEmpty ? nil : step.page
            } catch {
                do throws(StoreError) { try await outage.wait(or: error) } catch {
                    let failure = error.during("list", key: prefix.text, root: storage.address)
                    state.withLock { $0.failure = failure }
                    throw failure
                }
                state.withLock { $0.walk = answer.walk }
            }
        }
    }

    /// Begins the next page, unless it has begun or there is none.
    private func prepare() {
        let ahead = Pending<Answer>()
        let walk = state.withLock { state -> ListingWalk? in
            if state.ahead == nil, state.walk != nil { state.ahead = ahead }
            return state.walk.take()
        }
        guard let walk else { return }
        storage.begin("list", lane: .reading) { (root, _) throws(StoreError) in
            // Begun anew when the server has forgotten the root: nothing of a failed try is kept.
            var next = walk
            let page = try next.page(root)
            return (next, page)
        } answer: { (result: Result<Step, StoreError>) in
            ahead.deliver((walk, result))
        }
    }
}
