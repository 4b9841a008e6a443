internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal
internal import Synchronization

/// What a shell offers for a word that is typed: names of feeds, and what stands in one folder of a feed.
///
/// A shell waits for the answer, so there is none after two seconds, and none where anything fails.
enum Completions {
    static var feeds: CompletionKind {
        .custom { words, _, _ in
            await inTime { try await Typed(words).withStore { try await names(in: $0) } }
        }
    }

    static var paths: CompletionKind {
        .custom { words, index, prefix in
            await inTime {
                let typed = Typed(words)
                return try await typed.withStore { store in
                    guard let feed = try typed.feed(before: index) else { return [] }
                    return try await entries(in: store.feed(feed), beginningWith: prefix)
                }
            }
        }
    }

    private static let patience = Duration.seconds(2)
    /// More than that nobody chooses from.
    private static let maximumEntries = 200
    private static let maximumFeeds = 10_000

    private static func names(in store: PackageStore) async throws(StoreError) -> [String] {
        var names: [String] = []
        for try await page in store.feeds() {
            names += page.map(\.text)
            if names.count >= maximumFeeds { break }
        }
        return names
    }

    /// The entries of the folder that the word leads to, as whole paths.
    private static func entries(in feed: Feed, beginningWith prefix: String) async throws(StoreError) -> [String] {
        let end = prefix.utf8.lastIndex(of: UInt8(ascii: "/")).map { prefix.utf8.index(after: $0) } ?? prefix.startIndex
        let folder = String(prefix[..<end])
        let page = try await feed.folder(FolderQuery(folder: folder, limit: maximumEntries))
        return page.entries.compactMap { entry in
            switch entry {
            case .folder(let name): "\(folder)\(name)/"
            case .package(let record): record.path.text
            case .unreadable: nil
            }
        }.filter { $0.utf8.starts(with: prefix.utf8) }
    }

    /// What the work answers; nothing where it fails, or takes longer than a person waits. Work that hangs ends with
    /// the process, which has nothing else to do.
    private static func inTime(_ work: @escaping @Sendable () async throws -> [String]) async -> [String] {
        let waiting = Mutex<CheckedContinuation<[String], Never>?>(nil)
        let end = { @Sendable (answer: [String]) in waiting.withLock { $0.take() }?.resume(returning: answer) }
        return await withCheckedContinuation { continuation in
            waiting.withLock { $0 = continuation }
            Task { end((try? await work()) ?? []) }
            Task {
                try? await Task.sleep(for: patience)
                end([])
            }
        }
    }
}

/// A command line that is still being typed.
private struct Typed: Sendable {
    /// Options whose value is the next word.
    private static let valued: Set<String> = [
        "--root", "--root-id", "--config", "--format", "--color", "--jobs", "--bwlimit", "-o", "--limit", "--after",
        "--only", "--failed", "--as", "--prefix", "--digest",
    ]

    private let words: [String]

    init(_ words: [String]) { self.words = words }

    /// The feed that was typed before a word: the first word behind the command that is not an option's.
    func feed(before index: Int) throws(StoreError) -> FeedName? {
        var rest = words.prefix(max(0, index)).dropFirst(2)
        while let word = rest.popFirst() {
            if Self.valued.contains(word) { _ = rest.popFirst() }
            if !word.hasPrefix("-") { return try FeedName(word) }
        }
        return nil
    }

    /// Opens the root that the command would work on.
    func withStore(_ body: (PackageStore) async throws -> [String]) async throws -> [String] {
        let settings = try await RootOptions.settings(
            root: value("--root"), rootID: value("--root-id"), config: value("--config"))
        let store = try await PackageStore.open(
            settings.root.value, node: Session.node, rootID: settings.rootID?.value, with: Session.opener())
        return try await body(store)
    }

    private func value(_ option: String) -> String? {
        for (number, word) in words.enumerated() {
            if word.hasPrefix(option + "=") { return String(word.dropFirst(option.count + 1)) }
            if word == option, number + 1 < words.count { return words[number + 1] }
        }
        return nil
    }
}
