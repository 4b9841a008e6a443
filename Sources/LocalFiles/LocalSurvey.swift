internal import BlobSystem
package import ObjectStorage

/// How many files there are on this machine to be worked on, and how large they are: counted ahead of the work, in
/// constant memory, so that it can be told how much is left.
package struct LocalSurvey: Sendable, Equatable {
    /// Files, and what cannot be taken.
    package private(set) var items: Int64 = 0
    /// Of files, as far as they can be looked at.
    package private(set) var bytes: Int64 = 0
    private let followsLinks: Bool

    /// - Parameter followsLinks: whether files count that symbolic links in a tree lead to.
    package init(followsLinks: Bool) {
        self.followsLinks = followsLinks
    }

    /// Counts a tree.
    /// - Parameters:
    ///   - folder: only this folder below it, with a `/` at its end.
    ///   - isWanted: whether something counts, by its name below the tree's root.
    /// - Throws: as ``LocalTree`` does; `cancelled`.
    package mutating func add(
        tree root: String, below folder: String = "", where isWanted: (LocalName) -> Bool = { _ in true }
    ) async throws(StoreError) {
        let tree = try await LocalTree(root, below: folder)
        while let page = try await tree.next() {
            if Task.isCancelled { throw StoreError(.cancelled, "counting was cancelled") }
            let wanted = page.filter { isWanted($0.name) }
            items += Int64(wanted.count)
            bytes += try await Self.bytes(in: wanted.compactMap { $0.file(followingLinks: followsLinks) }, below: root)
        }
    }

    /// Counts one file, or what a symbolic link that was named leads to.
    package mutating func add(file path: String) async throws(StoreError) {
        items += 1
        bytes += try await Self.bytes(in: [path], below: nil)
    }

    private static func bytes(in files: [String], below root: String?) async throws(StoreError) -> Int64 {
        if files.isEmpty { return 0 }
        return try await LocalThreads.run { () throws(StoreError) in
            files.reduce(into: 0) { sum, file in
                let path = root.map { "\($0)/\(file)" } ?? file
                let status = try? LocalThreads.calls.status(ofPath: path, followingLinks: true)
                if let status, status.kind == .file { sum.add(stated: status.sizeBytes) }
            }
        }
    }
}

extension LocalTree.Entry {
    fileprivate var name: LocalName {
        switch self {
        case .file(let path), .link(let path): LocalName(path)
        case .refused(let name, _): name
        }
    }

    /// The path of what may be a file.
    fileprivate func file(followingLinks: Bool) -> String? {
        switch self {
        case .file(let path): path
        case .link(let path): followingLinks ? path : nil
        case .refused: nil
        }
    }
}
