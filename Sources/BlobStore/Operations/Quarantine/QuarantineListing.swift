internal import Synchronization

/// What is in quarantine, in key order, each with the age of the note beside it.
final class QuarantineListing: Sendable {
    /// Something that is there.
    enum Entry: Sendable {
        case content(Content)
        /// A note of which the content is gone.
        case note(Key, age: Duration)
    }

    /// Content that was put aside.
    struct Content: Sendable {
        let key: Key
        let digest: Digest
        let size: Int64
        /// Time since its note was written, by the storage's own clock; nil where there is none.
        var noteAge: Duration?
    }

    private let pages: AsyncPull<[ListEntry]>
    private let state = Mutex(State())

    fileprivate struct State {
        var ready: ArraySlice<Entry> = []
        /// Its note would come next.
        var pending: Content?
        var isAtEnd = false
    }

    init(_ storage: any Storage) {
        pages = storage.list(ListRequest(FeedLayout.quarantine, isFlat: true, wantsDetails: true))
    }

    func next() async throws(StoreError) -> Entry? {
        while true {
            let (entry, isAtEnd) = state.withLock { ($0.ready.popFirst(), $0.isAtEnd) }
            if entry != nil || isAtEnd { return entry }
            var iterator = pages.makeAsyncIterator()
            let page = try await iterator.next()
            state.withLock { $0.take(page) }
        }
    }
}

extension QuarantineListing.State {
    /// A note's key comes right after that of its content.
    fileprivate mutating func take(_ page: [ListEntry]?) {
        var entries: [QuarantineListing.Entry] = []
        for case .key(let key, let info) in page ?? [] {
            if key.isRecord {
                if let content = pending, FeedLayout.note(of: content.key) == key {
                    pending?.noteAge = info?.age ?? .zero
                } else {
                    flush(into: &entries)
                    if FeedLayout.digest(ofSetAside: key) != nil { entries.append(.note(key, age: info?.age ?? .zero)) }
                }
            } else {
                flush(into: &entries)
                guard let digest = FeedLayout.digest(ofSetAside: key), let info else { continue }
                pending = QuarantineListing.Content(key: key, digest: digest, size: info.size)
            }
        }
        if page == nil {
            flush(into: &entries)
            isAtEnd = true
        }
        ready = entries[...]
    }

    private mutating func flush(into entries: inout [QuarantineListing.Entry]) {
        if let content = pending.take() { entries.append(.content(content)) }
    }
}
