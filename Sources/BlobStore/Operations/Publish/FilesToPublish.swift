internal import BlobSystem
internal import LocalFiles

/// A file to publish.
struct FileToPublish: Sendable {
    /// As a list of items has it.
    let name: LocalName
    /// Where it stands on this machine.
    let place: String
    /// Its path in the feed, behind the prefix.
    let path: String
    /// Whether it may be a symbolic link to a file.
    let followsLink: Bool
}

/// The files to publish, found as they are asked for. What cannot be taken is reported on the way.
final class FilesToPublish {
    /// A directory that is walked.
    private struct Walk {
        let tree: LocalTree
        /// Where the tree stands, with a slash at its end.
        let folder: String
        /// What goes before a path in the tree to make a name: nothing where all names are told below one tree.
        let prefix: String
    }

    private let source: PublishOperation.Source
    private let options: PublishOperation.Options
    private let tally: PublishTally
    /// What is wanted of the files that were named, and what of that was come across; of a tree only what is listed is
    /// looked at in the first place.
    private let selection: LocalSelection?
    private var met: Set<LocalName> = []
    /// What is not looked at yet: files and directories that were named, or names listed below a tree.
    private var named: ArraySlice<LocalName> = []
    private var walk: Walk?
    private var waiting: ArraySlice<FileToPublish> = []

    init(
        _ source: PublishOperation.Source, _ options: PublishOperation.Options, tally: PublishTally
    ) async throws(StoreError) {
        self.source = source
        self.options = options
        self.tally = tally
        let only = options.only
        switch source {
        case .tree(let directory):
            selection = nil
            // Opened in any case: a directory that is not there is one error, not one for each file.
            let tree = try await LocalTree(directory)
            if let only {
                named = LocalSelection(only).outermost[...]
            } else {
                walk = Walk(tree: tree, folder: Self.folder(ofTree: directory), prefix: "")
            }
        case .files(let files, _):
            selection = only.map { LocalSelection($0) }
            named = files.map { LocalName($0) }[...]
        case .stream(_, let name):
            selection = only.map { LocalSelection($0) }
            named = [LocalName(name)]
        }
    }

    /// The next file; nil at the end.
    func next() async throws(StoreError) -> FileToPublish? {
        while !Task.isCancelled {
            if let file = waiting.popFirst() { return file }
            if let page = try await walk?.tree.next() {
                for entry in page { add(entry) }
            } else if let name = named.popFirst() {
                walk = nil
                await begin(name)
            } else {
                failRest()
                return nil
            }
        }
        return nil
    }

    /// Up to `count` files; none at the end.
    func next(_ count: Int) async throws(StoreError) -> [FileToPublish] {
        var batch: [FileToPublish] = []
        while batch.count < count, !Task.isCancelled, let file = try await next() { batch.append(file) }
        return batch
    }

    private func begin(_ name: LocalName) async {
        do throws(StoreError) {
            switch source {
            case .tree(let directory): try await begin(name, below: directory)
            case .files(_, let isRecursive): try await begin(file: name.description, isRecursive)
            case .stream: wait(name, at: name.description, path: "", followsLink: false)
            }
        } catch {
            tally.refuse(name, error)
        }
    }

    // MARK: - Named below a tree

    /// Takes up a name of the list: a file, or a folder to walk.
    private func begin(_ name: LocalName, below directory: String) async throws(StoreError) {
        guard let text = name.text else { throw try await refusal(ofBytes: name, in: directory) }
        let folder = Self.folder(ofTree: directory)
        guard name.isFolder else { return wait(name, at: folder + text, path: text, followsLink: options.followsLinks) }
        // As a path it would be refused for its end; what is before that must not lead out of the tree.
        _ = try PackagePath(String(text.dropLast()))
        walk = Walk(tree: try await LocalTree(directory, below: text), folder: folder, prefix: "")
    }

    private func refusal(ofBytes name: LocalName, in directory: String) async throws(StoreError) -> StoreError {
        let place = "\(Self.folder(ofTree: directory))\(name)"
        return try await LocalThreads.run { () throws(StoreError) in
            LocalSource.exists(name, in: directory)
                ? LocalSource.refusal(ofBytes: name) : StoreError(.notFound, "\(place) does not exist")
        }
    }

    // MARK: - Named for themselves

    /// Walks a directory, and takes anything else as a file.
    private func begin(file: String, _ isRecursive: Bool) async throws(StoreError) {
        if isRecursive {
            do throws(StoreError) {
                let folder = LocalName.folder(file)
                walk = Walk(tree: try await LocalTree(file), folder: folder, prefix: folder)
                return
            } catch  where error.code == .invalidArgument {}  // It is not a directory.
        } else if try await LocalTree.isDirectory(file) {
            throw StoreError(.sourceFailed, "\(file) is a directory; publish the files in it with -r, or import it")
        }
        let path = FilePath.split(file)?.name ?? file
        // Who names a link asks for what it leads to.
        wait(LocalName(file), at: file, path: path, followsLink: true)
    }

    /// What was listed and never come across is told, not passed over.
    private func failRest() {
        for name in selection?.outermost ?? [] where met.insert(name).inserted {
            tally.refuse(
                name, StoreError(.notFound, "\(name) is listed, but is not among the files that were given"))
        }
    }

    private func isSelected(_ name: LocalName) -> Bool {
        guard let selection else { return true }
        guard let listing = selection.listing(name) else { return false }
        met.insert(listing)
        return true
    }

    /// Whether a path behind the prefix is wanted in the feed; of a folder, whether anything in it may be.
    private func admits(_ path: String) -> Bool {
        if options.filter.isEmpty { return true }
        let path = options.text(behindPrefix: path)
        return path.hasSuffix("/") ? !options.filter.excludesAll(below: path) : options.filter.admits(path)
    }

    // MARK: - Found in a directory

    private func add(_ entry: LocalTree.Entry) {
        guard let walk else { return }
        switch entry {
        case .file(let path): add(path, walk)
        case .link(let path) where options.followsLinks: add(path, walk)
        case .link(let path):
            if !admits(path) { return }
            let name = walk.prefix + path
            fail(
                LocalName(name),
                StoreError(.sourceFailed, "\(name) is a symbolic link; follow it with --follow-links"))
        case .refused(let name, let error):
            if let path = name.text, !admits(path) { return }
            fail(LocalName(bytes: Array(walk.prefix.utf8) + name.bytes), error)
        }
    }

    private func add(_ path: String, _ walk: Walk) {
        wait(LocalName(walk.prefix + path), at: walk.folder + path, path: path, followsLink: options.followsLinks)
    }

    private func fail(_ name: LocalName, _ error: StoreError) {
        if isSelected(name) { tally.refuse(name, error) }
    }

    private func wait(_ name: LocalName, at place: String, path: String, followsLink: Bool) {
        guard isSelected(name), admits(path) else { return }
        waiting.append(FileToPublish(name: name, place: place, path: path, followsLink: followsLink))
    }

    private static func folder(ofTree directory: String) -> String {
        directory.count > 1 && directory.hasSuffix("/") ? directory : directory + "/"
    }
}

extension LocalName {
    /// A directory's name, as it stands before what is in it.
    fileprivate static func folder(_ directory: String) -> String {
        directory.hasSuffix("/") ? directory : directory + "/"
    }

    /// What something in a directory is called, as a list of items has it.
    func below(_ directory: String) -> LocalName { LocalName(bytes: Array(Self.folder(directory).utf8) + bytes) }
}
