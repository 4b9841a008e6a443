extension PackageStore {
    /// So many feeds are looked at for one with a name like a mistyped one.
    private static let maximumCandidates = 10_000

    /// The error as it is, or, where a feed is not there, with the name of one that was probably meant.
    ///
    /// It is for tools that a person types at: nodes do not list the catalog for each name that they are asked for.
    /// - Cost: a listing of the catalog.
    package func suggesting(_ error: StoreError) async -> StoreError {
        guard case .feedAbsent(let typed) = error.circumstance else { return error }
        var candidates: [String] = []
        do throws(StoreError) {
            for try await page in feeds() {
                candidates += page.map(\.text)
                if candidates.count >= Self.maximumCandidates { break }
            }
        } catch { return error }
        guard let near = nearest(to: typed, among: candidates) else { return error }
        return StoreError(
            error.code,
            "there is no feed \"\(typed)\" in \(url); use \"\(near)\" if that is meant, or create it with "
                + "\"blobtool feed create \(typed)\"", cause: error.cause)
    }
}
