import BlobStore
import Synchronization

extension FlawedStorage {
    func list(_ request: ListRequest) -> AsyncPull<[ListEntry]> {
        var request = request
        if flaw == .flatGoesDeep { request.isFlat = false }
        let pages = base.list(request)
        switch flaw {
        case .listingDropsAPage: return changed(pages) { $0 == 1 ? [] : $1 }
        case .detailsHaveNoSize: return changed(pages) { $1.map(Self.withoutSize) }
        case .startAfterIsIncluded: return included(request, pages)
        case .listingGoesByFolder: return byFolder(pages)
        case .listingResumesByCount: return resumedByCount(request)
        case .emptyFolderFails: return failingWhereEmpty(pages)
        default: return pages
        }
    }

    func uploadsInFlight() -> AsyncPull<[UploadInFlight]> {
        flaw == .uploadsAreHidden ? AsyncPull { () throws(StoreError) in nil } : base.uploadsInFlight()
    }

    func discardUpload(_ upload: UploadInFlight) async throws(StoreError) {
        try await base.discardUpload(upload)
    }

    private func changed(
        _ pages: AsyncPull<[ListEntry]>, _ change: @escaping @Sendable (Int, [ListEntry]) -> [ListEntry]
    ) -> AsyncPull<[ListEntry]> {
        let next = pages.puller()
        let turns = Turns()
        return AsyncPull { () async throws(StoreError) in try await next().map { change(turns.next(), $0) } }
    }

    private static func withoutSize(_ entry: ListEntry) -> ListEntry {
        if case .key(let key, _) = entry { .key(key, ObjectInfo(size: 1, age: .zero)) } else { entry }
    }

    private func included(_ request: ListRequest, _ pages: AsyncPull<[ListEntry]>) -> AsyncPull<[ListEntry]> {
        let next = pages.puller()
        let turns = Turns()
        return AsyncPull { () async throws(StoreError) in
            if turns.next() == 0, let after = request.startAfter { return [.key(after, nil)] }
            return try await next()
        }
    }

    /// Orders names as a walk through folders does, which sorts segments rather than whole keys.
    private func byFolder(_ pages: AsyncPull<[ListEntry]>) -> AsyncPull<[ListEntry]> {
        let turns = Turns()
        return AsyncPull { () async throws(StoreError) in
            guard turns.next() == 0 else { return nil }
            let all: [ListEntry] = try await pages.flattened()
            return all.sorted { Self.segments($0).lexicographicallyPrecedes(Self.segments($1)) }
        }
    }

    private static func segments(_ entry: ListEntry) -> [String] {
        if case .key(let key, _) = entry { key.text.split(separator: "/").map(String.init) } else { [] }
    }

    /// Asks for each page anew and skips as many as were delivered before.
    private func resumedByCount(_ request: ListRequest) -> AsyncPull<[ListEntry]> {
        let delivered = Mutex(0)
        return AsyncPull { () async throws(StoreError) in
            let all: [ListEntry] = try await self.base.list(request).flattened()
            await self.pause()
            return delivered.withLock { delivered in
                let page = all.dropFirst(delivered).prefix(20)
                delivered += page.count
                return page.isEmpty ? nil : Array(page)
            }
        }
    }

    private func failingWhereEmpty(_ pages: AsyncPull<[ListEntry]>) -> AsyncPull<[ListEntry]> {
        let next = pages.puller()
        let turns = Turns()
        return AsyncPull { () async throws(StoreError) in
            let page = try await next()
            if page == nil && turns.next() == 0 { return [.foreign("nothing", .name)] }
            return page
        }
    }
}

/// Staged content with the flaw of its storage.
final class FlawedUpload: StagedUpload {
    private let staged: StagedObject
    private let storage: FlawedStorage
    private let bytes = Mutex<[UInt8]>([])
    private let committed = Mutex(false)

    init(_ staged: consuming StagedObject, storage: FlawedStorage) {
        self.staged = staged
        self.storage = storage
    }

    func append(_ chunk: [UInt8]) async throws(StoreError) {
        let all = bytes.withLock { bytes in
            bytes += chunk
            return bytes
        }
        try await staged.append(chunk)
        if storage.flaw == .stagedIsVisible {
            _ = try await storage.base.writeObject(try Key("folder-1/object"), ObjectSource(all))
        }
    }

    func commit(_ key: Key) async throws(StoreError) -> CommitOutcome {
        let isFirst = committed.withLock { committed in
            defer { committed = true }
            return !committed
        }
        if storage.flaw == .recordKeysPass && key.isRecord { return .created }
        if storage.flaw == .commitWorksOnce && !isFirst { return .present }
        do { return try await staged.commit(key) } catch {
            if storage.flaw == .staleUploadClaimsSuccess { return .created }
            throw error
        }
    }

    func discard() async {
        if storage.flaw != .droppedUploadStays { await staged.release() }
    }

    func abandon() {
        if storage.flaw == .droppedUploadStays { _ = Unmanaged.passRetained(self) }
    }
}

/// Numbers from 0 on.
final class Turns: Sendable {
    private let state = Mutex(0)

    func next() -> Int {
        state.withLock { state in
            defer { state += 1 }
            return state
        }
    }
}
