internal import BlobHTTP
internal import ObjectStorage

/// How far a listing has come.
struct ListingWalk: Sendable {
    private let request: ListRequest
    private let prefix: String
    private var asked = ListPage()
    /// The last name of the server's, without the root's prefix.
    private var last: String?
    /// The last of them that is no folder's.
    private var lastObject: String?
    private var entries: ListedEntries
    private var hasBegun = false
    private var progress = PageProgress()
    private(set) var isAtEnd = false

    init(_ request: ListRequest, prefix: String) {
        self.request = request
        self.prefix = prefix
        entries = ListedEntries()
        asked.folder = request.prefix.text
        asked.isFlat = request.isFlat
        guard let after = request.startAfter?.text else { return }
        let isBefore = after.utf8.lexicographicallyPrecedes(request.prefix.text.utf8)
        isAtEnd = !isBefore && !after.utf8.starts(with: request.prefix.text.utf8)
        if !isBefore { asked.startAfter = after }
    }

    mutating func page(of storage: S3Storage) async throws(StoreError) -> [ListEntry] {
        if isAtEnd { return [] }
        var page: [ListEntry] = []
        if !hasBegun {
            hasBegun = true
            if let folder = try await ownFolder(storage) { page.append(.folder(folder)) }
        }
        let (answer, head) = try await storage.session.send(storage.listCall(asked), for: ObjectListingAnswer.self)
        let time = AnswerTime(head.headers)
        let names = try answer.names(below: prefix, in: asked.folder)
        try expectOrder(names)
        for name in names.sorted() {
            if let last, !last.utf8.lexicographicallyPrecedes(name.text.utf8) { continue }
            last = name.text
            if let entry = entries.entry(name, time) { page.append(entry) }
        }
        isAtEnd = !answer.isTruncated
        if answer.isTruncated, let next = answer.nextToken {
            try progress.goOn(after: asked.token, to: next, isEmpty: page.isEmpty)
            asked.token = next
        }
        return page
    }

    /// What comes out of order may be preceded by what was left out: it is an error, within a page and from page to
    /// page.
    private mutating func expectOrder(_ names: [ListedName]) throws(StoreError) {
        for name in names where name.object != nil {
            if let lastObject, !lastObject.utf8.lexicographicallyPrecedes(name.text.utf8) {
                throw StoreError(.unsupported, "the server does not list names in order, which the store needs")
            }
            lastObject = name.text
        }
    }

    /// In a flat listing that begins inside a folder: that folder, if more of it follows. Some servers name it then,
    /// and some do not; so it is asked for, and then left out.
    private mutating func ownFolder(_ storage: S3Storage) async throws(StoreError) -> KeyPrefix? {
        guard request.isFlat, let after = asked.startAfter else { return nil }
        let below = after.utf8.dropFirst(request.prefix.text.utf8.count)
        guard let slash = below.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let folder = String(after[...slash])
        let page = ListPage(folder: folder, startAfter: after, limit: 1)
        let (answer, _) = try await storage.session.send(storage.listCall(page), for: ObjectListingAnswer.self)
        _ = try answer.names(below: prefix, in: folder)
        // Behind every key of the folder: no key has this character.
        asked.startAfter = folder + "~"
        last = folder + "~"
        return answer.objects.isEmpty ? nil : KeyPrefix(trusted: folder)
    }
}

/// Watches that a listing in pages comes to its end: a server may send the same page again and again, or pages without
/// names.
struct PageProgress: Sendable {
    /// In a row. Where many versions were deleted a server may have some.
    private static let emptyPagesAtMost = 1_000

    private var emptyPages = 0
    /// A token that came before, looked at again with each page and replaced ever more seldom: so any circle of
    /// tokens is noticed, with one of them kept.
    private var mark: String?
    private var pages = 0
    private var pagesUntilMark = 1

    /// Notes a page that is not the last.
    /// - Parameter next: where the next one begins.
    /// - Throws: `failed` where it cannot go on.
    mutating func goOn(after token: String?, to next: String, isEmpty: Bool) throws(StoreError) {
        emptyPages = isEmpty ? emptyPages + 1 : 0
        guard next != token, next != mark else {
            throw StoreError(.failed, "the server sends the listing back to where it was, so it would never end")
        }
        guard emptyPages <= Self.emptyPagesAtMost else {
            throw StoreError(.failed, "the server says that there are more names but sent none in \(emptyPages) pages")
        }
        pages += 1
        guard pages == pagesUntilMark else { return }
        mark = next
        pages = 0
        pagesUntilMark = min(pagesUntilMark * 2, 1 << 30)
    }
}
