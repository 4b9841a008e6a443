internal import BlobStore

/// What the clients of one kind of package ask a feed for, beside the packages themselves.
///
/// A format is served below `/feeds/{feed}/{name}/`. It answers what it knows of; the rest is a package at the same
/// path, as below `/feeds/{feed}/packages/`.
protocol PackageFormat: Sendable {
    /// What stands in the place of `packages` in a target.
    var name: String { get }

    /// Answers a request for a path that means something to the format.
    /// - Returns: false where it does not, and nothing was answered.
    func serve(
        _ path: PackagePath, in feed: FeedName, by routes: Routes, _ exchange: inout Exchange
    ) async throws -> Bool
}

/// The formats that nodes serve. A new one is a file in this folder, and a line here.
enum PackageFormats {
    private static let all: [any PackageFormat] = [MavenFormat()]

    static func named(_ name: String) -> (any PackageFormat)? { all.first { $0.name == name } }
}
