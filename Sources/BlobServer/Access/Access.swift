public import BlobCluster
internal import HTTPTypes
internal import Synchronization

/// What callers may read without an API key, beside the feeds whose rules let anybody read.
public enum AnonymousReading: Sendable, Equatable {
    /// Everything, while the node listens on this machine alone and no key was ever made; else nothing.
    case onLoopbackWithoutKeys
    /// These feeds.
    case feeds(Set<FeedName>)
    /// Everything.
    case all
}

/// Who asks.
enum Caller: Sendable {
    case anonymous
    case key(KeyRecord)

    /// What a log says of it; nil where nobody said.
    var logName: String? {
        guard case .key = self else { return nil }
        return name
    }

    /// Whether the caller may read a feed.
    /// - Parameter isOpen: whether anybody may.
    func mayRead(_ feed: FeedName, isOpen: Bool) -> Bool {
        if case .key(let record) = self { record.allows(.read, in: feed) } else { isOpen }
    }

    /// What a publication is signed with.
    var name: String {
        switch self {
        case .anonymous: "anonymous"
        case .key(let record): record.name.isEmpty ? record.id : record.name
        }
    }
}

/// Decides who may do what.
final class Access: Sendable {
    private static let lookPause = Duration.seconds(10)

    private struct KeyLook: Sendable {
        var foundAny = false
        var next: ContinuousClock.Instant?
    }

    private let keys: APIKeys
    private let reading: AnonymousReading
    private let isLoopback: Bool
    private let feeds: FeedHandles
    private let look = Mutex(KeyLook())

    init(_ keys: APIKeys, _ reading: AnonymousReading, of feeds: FeedHandles, isLoopback: Bool) {
        self.keys = keys
        self.feeds = feeds
        self.reading = reading
        self.isLoopback = isLoopback
    }

    /// Finds out who asks.
    /// - Throws: 401 for a key that is not valid; 429 where too many unknown ones were tried.
    func caller(_ fields: HTTPFields) async throws -> Caller {
        switch Credential(fields) {
        case .none: return .anonymous
        case .garbled: throw Self.unauthorized("the credentials cannot be read")
        case .key(let text):
            guard let record = try await keys.key(text) else { throw Self.unauthorized("the API key is not valid") }
            return .key(record)
        }
    }

    /// Who asks, as far as that is known without asking the storage; nil where it is not.
    func knownCaller(_ fields: HTTPFields) -> Caller? {
        switch Credential(fields) {
        case .none: .anonymous
        case .garbled: nil
        case .key(let text): keys.known(text).map { .key($0) }
        }
    }

    /// Makes sure that a caller may do something in a feed.
    /// - Throws: 401, 403.
    func expect(_ caller: Caller, _ scope: KeyRecord.Scope, in feed: FeedName) async throws {
        switch caller {
        case .key(let record) where record.allows(scope, in: feed): return
        case .key: throw Self.forbidden("the API key does not allow to \(scope.rawValue) in the feed \"\(feed)\"")
        case .anonymous:
            if scope == .read, try await isOpen(feed) { return }
            throw Self.unauthorized("an API key is needed to \(scope.rawValue) in the feed \"\(feed)\"")
        }
    }

    /// Whether a caller may read a feed.
    func mayRead(_ caller: Caller, _ feed: FeedName) async throws -> Bool {
        if case .key(let record) = caller { return record.allows(.read, in: feed) }
        return try await isOpen(feed)
    }

    /// Makes sure that a caller may look at the node, or manage the cluster.
    func expectOperator(_ caller: Caller, changes: Bool = false) async throws {
        switch caller {
        case .key(let record)
        where record.grants.contains(where: { $0.feed == nil && (!changes || $0.scope == .manage) }):
            return
        case .key: throw Self.forbidden("the API key is for some feeds alone")
        case .anonymous:
            if !changes, try await isOpenToAll { return }
            throw Self.unauthorized("an API key for all feeds is needed")
        }
    }

    /// Whether anybody may read a feed: the node was told so, or the feed's rules say so.
    func isOpen(_ feed: FeedName) async throws(StoreError) -> Bool {
        if case .feeds(let feeds) = reading, feeds.contains(feed) { return true }
        if try await isOpenToAll { return true }
        do throws(StoreError) { return try await feeds.feed(feed).record().isOpenToAnyone } catch {
            // Who may not read learns nothing of what there is.
            if error.code == .notFound { return false }
            throw error
        }
    }

    /// Whether anybody may read a feed that has this record, as far as that is known without asking the storage; nil
    /// where it is not.
    func isKnownOpen(_ feed: FeedName, _ record: FeedRecord) -> Bool? {
        if case .feeds(let feeds) = reading, feeds.contains(feed) { return true }
        return isKnownOpenToAll.map { $0 || record.isOpenToAnyone }
    }

    private var isOpenToAll: Bool {
        get async throws(StoreError) {
            if let known = isKnownOpenToAll { return known }
            let now = ContinuousClock.now
            let found = try await !keys.all().isEmpty
            look.withLock { $0 = KeyLook(foundAny: found, next: now + Self.lookPause) }
            return !found
        }
    }

    /// Nil where it must be looked up whether a key was ever made. That there is none is remembered for a few seconds
    /// only.
    private var isKnownOpenToAll: Bool? {
        switch reading {
        case .all: return true
        case .feeds: return false
        case .onLoopbackWithoutKeys:
            if !isLoopback { return false }
            let now = ContinuousClock.now
            return look.withLock { look in
                if look.foundAny { return false }
                return look.next.map { now < $0 } ?? false ? true : nil
            }
        }
    }

    private static func unauthorized(_ detail: String) -> Problem {
        var problem = Problem(.unauthorized, detail)
        problem.fields[.wwwAuthenticate] = "Basic realm=\"blobstore\", charset=\"UTF-8\""
        return problem
    }

    private static func forbidden(_ detail: String) -> Problem { Problem(.forbidden, detail) }
}
