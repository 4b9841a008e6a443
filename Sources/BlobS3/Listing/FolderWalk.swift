internal import BlobHTTP
internal import ObjectStorage

/// How far a listing has come on a server that lists folder by folder, all of `a/` before `a-b`.
///
/// A folder whose whole content fits in one answer is asked for as a whole, and put in order. A larger one is asked for
/// level by level; at each level a folder `a/` waits until the names that begin with `a` and a byte below `/` have
/// passed, which are few.
struct FolderWalk: Sendable {
    private struct Frame {
        var asked: ListPage
        /// Names that came, in the server's order, and were not taken yet.
        var names: ArraySlice<ListedName> = []
        /// Folders that wait for their turn.
        var waiting: [ListedName] = []
        var isComplete = false
        var progress = PageProgress()
    }

    private let request: ListRequest
    private var frames: [Frame] = []
    private var hasBegun = false
    private var entries = ListedEntries()
    private var time = AnswerTime([:])
    private(set) var isAtEnd = false

    init(_ request: ListRequest) {
        self.request = request
    }

    /// What the next requests bring; may be empty before the end.
    mutating func page(of storage: S3Storage) async throws(StoreError) -> [ListEntry] {
        if !hasBegun {
            hasBegun = true
            let page = try await visit(request.prefix.text, storage)
            isAtEnd = frames.isEmpty
            return page
        }
        var page: [ListEntry] = []
        while page.isEmpty, !frames.isEmpty {
            guard let name = try await nextName(storage) else {
                frames.removeLast()
                continue
            }
            if name.object == nil, !request.isFlat, (try? KeyPrefix(name.text)) != nil {
                page += try await visit(name.text, storage)
            } else if isWanted(name) {
                page += entries.entry(name, time).map { [$0] } ?? []
                page += takeReady()
            }
        }
        isAtEnd = frames.isEmpty
        return page
    }

    /// Tells all of a folder where one answer holds it, else begins to go through it.
    private mutating func visit(_ folder: String, _ storage: S3Storage) async throws(StoreError) -> [ListEntry] {
        if folder.utf8.starts(with: CapabilityProbe.folder.utf8) || isAllBefore(folder) { return [] }
        if !request.isFlat {
            let answer = try await ask(ListPage(folder: folder), storage)
            if !answer.isTruncated {
                let names = try answer.names(below: storage.prefix, in: folder).sorted()
                return names.filter(isWanted).compactMap { entries.entry($0, time) }
            }
        }
        frames.append(Frame(asked: ListPage(folder: folder, startAfter: bound(in: folder), isFlat: true)))
        return []
    }

    /// Names of the same level that are there without another request.
    private mutating func takeReady() -> [ListEntry] {
        var page: [ListEntry] = []
        while let last = frames.last, last.waiting.isEmpty, let name = last.names.first, name.object != nil {
            frames[frames.count - 1].names.removeFirst()
            if isWanted(name), let entry = entries.entry(name, time) { page.append(entry) }
        }
        return page
    }

    private mutating func ask(_ page: ListPage, _ storage: S3Storage) async throws(StoreError) -> ObjectListingAnswer {
        let (answer, head) = try await storage.session.send(storage.listCall(page), for: ObjectListingAnswer.self)
        time = AnswerTime(head.headers)
        return answer
    }
}

// MARK: - One level

extension FolderWalk {
    /// The next name of the innermost level in key order; nil at its end.
    private mutating func nextName(_ storage: S3Storage) async throws(StoreError) -> ListedName? {
        let level = frames.count - 1
        while true {
            if frames[level].names.isEmpty, !frames[level].isComplete { try await fetch(level, storage) }
            let smallest = frames[level].waiting.min()
            guard let name = frames[level].names.first else {
                guard frames[level].isComplete else { continue }
                return smallest.map { take($0, level) }
            }
            if let smallest, smallest < name { return take(smallest, level) }
            frames[level].names.removeFirst()
            if name.object != nil { return name }
            frames[level].waiting.append(name)
        }
    }

    private mutating func take(_ name: ListedName, _ level: Int) -> ListedName {
        frames[level].waiting.removeAll { $0 == name }
        return name
    }

    private mutating func fetch(_ level: Int, _ storage: S3Storage) async throws(StoreError) {
        let answer = try await ask(frames[level].asked, storage)
        // The server sorts by the name without the slash.
        let names = try answer.names(below: storage.prefix, in: frames[level].asked.folder)
            .sorted { $0.bare.lexicographicallyPrecedes($1.bare) }
        frames[level].names = names[...]
        frames[level].isComplete = !answer.isTruncated
        guard answer.isTruncated, let next = answer.nextToken else { return }
        try frames[level].progress.goOn(after: frames[level].asked.token, to: next, isEmpty: names.isEmpty)
        frames[level].asked.token = next
    }
}

// MARK: - Where it begins

extension FolderWalk {
    private func isWanted(_ name: ListedName) -> Bool {
        guard let after = request.startAfter?.text else { return true }
        if after.utf8.lexicographicallyPrecedes(name.text.utf8) { return true }
        // A folder that the listing begins in.
        return name.object == nil && after.utf8.starts(with: name.text.utf8)
    }

    private func isAllBefore(_ folder: String) -> Bool {
        guard let after = request.startAfter?.text, !after.utf8.starts(with: folder.utf8) else { return false }
        return folder.utf8.lexicographicallyPrecedes(after.utf8)
    }

    /// Where to begin in a folder: before the first name whose folder may come after `startAfter` in key order, which
    /// is the part of `startAfter` that ends before a byte below `/`.
    private func bound(in folder: String) -> String? {
        guard let after = request.startAfter?.text, after.utf8.starts(with: folder.utf8) else { return nil }
        let segment = after.utf8.dropFirst(folder.utf8.count).prefix { $0 != UInt8(ascii: "/") }
        var first = Array(segment.prefix { $0 > UInt8(ascii: "/") })
        // A name just before that one: keys have no tilde.
        guard let last = first.popLast() else { return nil }
        return folder + String(decoding: first + [last - 1, UInt8(ascii: "~")], as: UTF8.self)
    }
}

extension ListedName {
    fileprivate var bare: Substring.UTF8View {
        object == nil && text.hasSuffix("/") ? text.dropLast().utf8 : text[...].utf8
    }
}
