/// A kind of place that roots can be in, and how its URLs are read: what a backend is made known by.
///
/// The form of a URL (its parts, its percent-encoding, its text) is ``RootURL``'s; a scheme says what the parts mean.
public protocol StorageScheme: Sendable {
    /// What stands before `://`: small letters, digits, `+`, `-` and `.`.
    var name: String { get }

    /// How its URLs are written, e.g. `s3://bucket/prefix?endpoint=…&region=…`: told to whoever wrote another.
    var form: String { get }

    /// Checks what a URL says, and gives it the one form that all URLs of that place have.
    ///
    /// *Guarantees* wanted: a canonical URL stays as it is. Nothing is asked of a network or a disk.
    /// - Throws: `invalidArgument`, with a sentence that says what is wrong and what to write, and shows no setting's
    ///   value, since it may be a credential.
    func canonical(_ url: RootURL) throws(StoreError) -> RootURL

    /// Whether two URLs with the same names may mean one place. Where nobody knows, they may: then no root is made in
    /// another.
    func mayShareSpace(_ one: RootURL, _ other: RootURL) -> Bool

    /// The same place without aliases such as links, as far as it exists.
    func resolved(_ url: RootURL) async throws(StoreError) -> RootURL

    /// Opens a place that exists.
    /// - Parameters:
    ///   - url: canonical.
    ///   - outer: a root of this scheme that the place may lie in; from there the place is entered step by step, and
    ///     through no link.
    /// - Throws: `notFound`, `permissionDenied`, `unsupported`; `wrongRoot` where a link stands in the way.
    func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage

    /// Opens a place, and makes it (durably) where it does not exist.
    /// - Parameters:
    ///   - url: canonical.
    ///   - outer: as for ``open(_:inside:)``; what is made below it gets its permissions, so that all who work in the
    ///     outer root can work in the new place.
    func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage
}

extension StorageScheme {
    public func canonical(_ url: RootURL) throws(StoreError) -> RootURL { url }

    public func mayShareSpace(_ one: RootURL, _ other: RootURL) -> Bool { one.authority == other.authority }

    public func resolved(_ url: RootURL) async throws(StoreError) -> RootURL { url }
}

/// The schemes that a program knows, and what they say of URLs.
public struct StorageSchemes: Sendable {
    private let schemes: [any StorageScheme]

    /// - Parameter schemes: each with a name of its own; they are named in this order to whoever wrote another.
    public init(_ schemes: [any StorageScheme]) {
        self.schemes = schemes
    }

    /// Reads what a person wrote, a path or a URL, into its canonical form.
    /// - Throws: `invalidArgument`, with a sentence that shows no credential.
    public func url(_ text: String) throws(StoreError) -> RootURL {
        if let name = RootURL.scheme(of: text) { _ = try scheme(name, of: text) }
        if let scheme = schemes.first(where: { text.hasPrefix($0.name + ":") && !text.hasPrefix($0.name + "://") }) {
            throw RootURL.refusal("\(scheme.name):…", "is not the URL of a root; write \(scheme.form)")
        }
        return try canonical(RootURL(text))
    }

    /// The URL's one form that all URLs of its place have.
    /// - Throws: `invalidArgument` where its scheme is not known, or refuses it.
    public func canonical(_ url: RootURL) throws(StoreError) -> RootURL {
        try scheme(url.scheme, of: url.description).canonical(url)
    }

    /// Opens a place that exists; see ``StorageScheme/open(_:inside:)``.
    public func open(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        try await scheme(url.scheme, of: url.description).open(canonical(url), inside: outer?.ifOf(url.scheme))
    }

    /// Opens a place, and makes it where it does not exist; see ``StorageScheme/create(_:inside:)``.
    public func create(_ url: RootURL, inside outer: RootURL?) async throws(StoreError) -> any Storage {
        try await scheme(url.scheme, of: url.description).create(canonical(url), inside: outer?.ifOf(url.scheme))
    }

    private func scheme(_ name: String) -> (any StorageScheme)? { schemes.first { $0.name == name } }

    private func scheme(_ name: String, of text: String) throws(StoreError) -> any StorageScheme {
        if let scheme = scheme(name) { return scheme }
        let known = ["a path"] + schemes.map { "\($0.name)://" }
        throw RootURL.refusal(
            text,
            "has the scheme \"\(name.prefix(40))\"; use \(known.dropLast().joined(separator: ", "))"
                + " or \(known[known.count - 1])")
    }
}

// MARK: - How places lie to each other

extension RootURL {
    /// How a place lies to another.
    public enum Relation: Sendable, Equatable {
        case same, inside, around, apart
    }

    fileprivate func ifOf(_ scheme: String) -> RootURL? { self.scheme == scheme ? self : nil }
}

extension StorageSchemes {
    /// How a place lies to another, as far as their names tell.
    public func relation(of place: RootURL, to other: RootURL) -> RootURL.Relation {
        guard place.scheme == other.scheme, scheme(place.scheme)?.mayShareSpace(place, other) ?? true else {
            return .apart
        }
        // Bytes, since letters that look the same may be different names.
        let (mine, theirs) = (place.names.map { Array($0.utf8) }, other.names.map { Array($0.utf8) })
        if mine == theirs { return .same }
        if mine.starts(with: theirs) { return .inside }
        return theirs.starts(with: mine) ? .around : .apart
    }

    /// The places that this one lies in, the nearest first.
    public func parents(of place: RootURL) -> [RootURL] {
        guard let scheme = scheme(place.scheme) else { return place.parents }
        return place.parents.filter { parent in
            do throws(StoreError) { return try scheme.canonical(parent) == parent } catch { return false }
        }
    }

    /// The place as it may be noted for years: with no `..` in it, whose meaning changes with the folders before it.
    /// - Throws: `invalidArgument` where it means nothing, as in a bucket.
    public func lasting(_ place: RootURL) async throws(StoreError) -> RootURL {
        func isRelative(_ url: RootURL) -> Bool { url.names.contains { $0 == "." || $0 == ".." } }
        guard isRelative(place) else { return place }
        let resolved = try await resolved(place)
        guard !isRelative(resolved) else {
            throw RootURL.refusal(
                place.description, "has \".\" or \"..\" as a name, which leads nowhere there; leave it out")
        }
        return resolved
    }

    /// The same place without aliases such as links, as far as it exists.
    public func resolved(_ place: RootURL) async throws(StoreError) -> RootURL {
        guard let scheme = scheme(place.scheme) else { return place }
        return try await scheme.resolved(place)
    }
}
