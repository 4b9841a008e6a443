internal import BlobSystem
internal import Glibc
public import ObjectStorage

/// Roots in directories: `file:///path`, or a path alone.
public struct FileScheme: StorageScheme {
    private let options: FileStorageOptions

    /// Roots that are worked with by these options.
    public init(_ options: FileStorageOptions = FileStorageOptions()) {
        self.options = options
    }

    public var name: String { "file" }
    public var form: String { "file:///path" }

    /// The path from `/`, without `.`; `..` stays, since links decide what it means.
    public func canonical(_ url: RootURL) throws(StoreError) -> RootURL {
        guard url.authority.isEmpty || url.authority == "localhost" && !url.names.isEmpty else {
            throw StoreError(
                .invalidArgument,
                "the root \"file://\(url.authority.prefix(100))/…\" names another machine; mount the share, and write "
                    + form)
        }
        guard url.settings.isEmpty else {
            throw StoreError(
                .invalidArgument,
                "the root \"\(url.path.prefix(200))\" has options, which paths do not take; write %3f for a ?")
        }
        return RootURL(scheme: name, names: url.names.filter { $0 != "." })
    }

    /// The same place without links in its path, as far as it exists.
    /// - Source: realpath(3).
    public func resolved(_ url: RootURL) async throws(StoreError) -> RootURL {
        let names = url.names
        switch await Self.threads.run(deadline: nil, { (_) throws(StoreError) in Self.resolved(names) }) {
        case .done(let result): return RootURL(scheme: name, names: try result.get())
        case .expired, .refused:
            throw StoreError(.unavailable, "too many paths are being looked at at once; try again")
        }
    }

    public func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        try await FileStorage.open(path: url.path, inside: outer?.path, options: options)
    }

    public func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        try await FileStorage.create(path: url.path, inside: outer?.path, options: options)
    }
}

extension FileScheme {
    private static let threads = BlockingPool(name: "blob-paths", limits: BlockingPool.Limits(threads: 4))

    /// As far as the path exists by realpath(3); what follows is put behind that, where no link can be.
    private static func resolved(_ names: [String]) -> [String] {
        for count in names.indices.reversed().map({ $0 + 1 }) {
            guard let real = realpath("/" + names[..<count].joined(separator: "/"), nil) else { continue }
            defer { free(real) }
            let known = String(cString: real).utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
            return names[count...].reduce(known, step)
        }
        return names.reduce([], step)
    }

    private static func step(_ path: [String], _ name: String) -> [String] {
        switch name {
        case ".": path
        case "..": path.dropLast()
        default: path + [name]
        }
    }
}

extension RootURL {
    fileprivate var path: String { "/" + names.joined(separator: "/") }
}
