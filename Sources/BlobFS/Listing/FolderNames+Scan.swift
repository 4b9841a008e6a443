internal import BlobStore
internal import BlobSystem

extension FolderNames {
    private static let bufferSizeBytes = 1 << 18
    private static let smallBufferSizeBytes = 1 << 15
    private static let hidden = Array(".nfs".utf8)

    /// The names of a folder that was opened just now, from the bound on.
    /// - Parameters:
    ///   - prefix: the folder's path, empty for the root.
    ///   - isAgain: whether it is read again, and so is large.
    init(of folder: OpenFile, _ prefix: String, from bound: Bound, isAgain: Bool) throws(StoreError) {
        self.init(after: bound)
        let room = Key.maximumBytes - prefix.utf8.count
        var failure: StoreError?
        let size = isAgain ? Self.bufferSizeBytes : Self.smallBufferSizeBytes
        try folder.names(bufferSizeBytes: size) { entry in
            if failure != nil || entry.name.starts(with: Self.hidden) { return }
            do throws(StoreError) {
                var kind = entry.kind
                if kind == nil { kind = try Self.kind(of: entry.name, in: folder) }
                guard let kind else { return }
                classify(entry.name, kind, room: room, isRoot: prefix.isEmpty)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        sort()
    }

    /// Where a filesystem does not say what its names are, each is asked for; nil when it is gone.
    private static func kind(
        of name: UnsafeRawBufferPointer, in folder: OpenFile
    ) throws(StoreError) -> FileStatus.Kind? {
        guard let text = String(validating: name, as: UTF8.self) else { return .other }
        do { return try folder.calls.status(of: text, in: folder.raw).kind } catch {
            if error == .notFound { return nil }
            throw StoreError(error, call: "fstatat", folder.subject + "/" + text)
        }
    }

    private mutating func classify(
        _ name: UnsafeRawBufferPointer, _ kind: FileStatus.Kind, room: Int, isRoot: Bool
    ) {
        switch kind {
        case .file:
            add(name, name.count <= room && Key.isSegment(name, isLast: true) ? .file : .oddName)
        case .directory:
            if isRoot && name.elementsEqual(Staging.name.utf8) { return }
            if let record = Self.record(ofGenerations: name) { return add(record, .generations) }
            add(name, name.count + 2 <= room && Key.isSegment(name, isLast: false) ? .folder : .oddName)
        case .symbolicLink, .pipe, .device, .socket, .other:
            add(name, .oddFile)
        }
    }

    /// `K` of a folder `K~`.
    private static func record(ofGenerations name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard name.last == UInt8(ascii: "~") else { return nil }
        let record = UnsafeRawBufferPointer(rebasing: name.dropLast())
        // What is a key's name but not a folder's ends like a record.
        return Key.isSegment(record, isLast: true) && !Key.isSegment(record, isLast: false) ? record : nil
    }
}
