internal import Glibc

extension RootURL {
    /// How a place lies to another.
    package enum Relation: Sendable, Equatable {
        case same, inside, around, apart
    }

    /// How this place lies to another, as far as their names tell.
    ///
    /// Two buckets of one name are taken for one unless each names another endpoint.
    package func relation(to other: RootURL) -> Relation {
        switch (place, other.place) {
        case (.file(let mine), .file(let theirs)): Self.relation(Self.folder(mine), Self.folder(theirs))
        case (.s3(let bucket, let mine, let settings), .s3(let otherBucket, let theirs, let others)):
            if bucket == otherBucket && Self.mayBeOne(settings["endpoint"], others["endpoint"]) {
                Self.relation(mine, theirs)
            } else {
                .apart
            }
        case (.file, .s3), (.s3, .file): .apart
        }
    }

    private static func relation(_ mine: String, _ theirs: String) -> Relation {
        if mine == theirs { return .same }
        // Bytes, since letters that look the same may be different names.
        if mine.utf8.starts(with: theirs.utf8) { return .inside }
        return theirs.utf8.starts(with: mine.utf8) ? .around : .apart
    }

    private static func folder(_ path: String) -> String { path.hasSuffix("/") ? path : path + "/" }

    private static func mayBeOne(_ mine: String?, _ theirs: String?) -> Bool {
        guard let mine, let theirs else { return true }
        func plain(_ endpoint: String) -> String {
            var text = endpoint.lowercased()
            while text.hasSuffix("/") { text.removeLast() }
            return text
        }
        return plain(mine) == plain(theirs)
    }

    /// The places that this one lies in, the nearest first.
    package var parents: [RootURL] {
        switch place {
        case .file(let path):
            let segments = path.split(separator: "/")
            return segments.indices.reversed().map { count in
                RootURL(.file(path: "/" + segments[..<count].joined(separator: "/")))
            }
        case .s3(let bucket, let prefix, let settings):
            let segments = prefix.split(separator: "/")
            return segments.indices.reversed().map { count in
                let above = segments[..<count].map { $0 + "/" }.joined()
                return RootURL(.s3(bucket: bucket, prefix: above, settings: settings))
            }
        }
    }

    /// The same place without links in its path, as far as it exists.
    /// - Source: realpath(3).
    package func resolved() async throws(StoreError) -> RootURL {
        guard case .file(let path) = place else { return self }
        return try await LocalThreads.run { () throws(StoreError) in RootURL(.file(path: Self.resolved(path))) }
    }

    private static func resolved(_ path: String) -> String {
        var known = path.split(separator: "/")[...]
        var rest: [Substring] = []
        while !known.isEmpty {
            if let real = realpath("/" + known.joined(separator: "/"), nil) {
                defer { free(real) }
                return rest.reversed().reduce(String(cString: real), Self.step)
            }
            rest.append(known.removeLast())
        }
        return rest.reversed().reduce("/", Self.step)
    }

    private static func step(_ path: String, _ segment: Substring) -> String {
        if segment == ".." { return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? path }
        return path == "/" ? "/" + segment : path + "/" + segment
    }
}
