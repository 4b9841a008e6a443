internal import BlobStore

extension Feed {
    /// The package at a path, with a sentence that says why there is none.
    /// - Throws: `notFound`.
    func presentPackage(at path: PackagePath) async throws(StoreError) -> Package {
        if let package = try await package(at: path) { return package }
        if let deleted = try await log(path).first?.deleted {
            throw StoreError(
                .notFound,
                "\"\(path)\" was deleted from feed \"\(name)\" at \(deleted.at) by \(deleted.by); "
                    + "bring it back with \"blobtool restore\"")
        }
        throw StoreError(.notFound, "\"\(path)\" is not in feed \"\(name)\"; list it with \"blobtool ls \(name)\"")
    }
}
