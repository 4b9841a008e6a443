/// Keeps roots out of each other: the outer one would take the inner one's files for damage, or for its own, and they
/// would go when it is deleted.
package struct RootNesting: Sendable {
    /// A root that is there already.
    package struct Neighbour: Sendable {
        let url: RootURL
        /// Whose it is, e.g. `a root of feed "npm"`.
        let owner: String
        /// Whether the new root may be that very one.
        let mayBeSame: Bool

        package init(_ url: RootURL, _ owner: String, mayBeSame: Bool = false) {
            self.url = url
            self.owner = owner
            self.mayBeSame = mayBeSame
        }
    }

    private let opener: any StorageOpener
    private var schemes: StorageSchemes { opener.schemes }

    package init(_ opener: any StorageOpener) {
        self.opener = opener
    }

    /// Looks for a marker in every folder above the place. A place that is a root itself is not looked at: whose it is,
    /// its own marker says.
    /// - Parameters:
    ///   - place: without links in its path, as all are here.
    ///   - servers: roots that the place may lie in.
    /// - Throws: `invalidArgument` when the place lies inside of another root.
    package func refuse(_ place: RootURL, except servers: [RootURL] = []) async throws(StoreError) {
        for folder in schemes.parents(of: place) where !servers.contains(folder) {
            guard let owner = try await owner(of: folder) else { continue }
            throw Self.refusal(place, which: .inside, of: "\(folder), which is \(owner)")
        }
    }

    /// Compares names, without looking at the place.
    /// - Parameter place: without links in its path.
    /// - Throws: `invalidArgument` when one lies in the other; `wrongRoot` when both are one and may not be.
    package func refuse(_ place: RootURL, beside neighbour: Neighbour) async throws(StoreError) {
        let relation = schemes.relation(of: place, to: try await schemes.resolved(neighbour.url))
        if relation == .apart || relation == .same && neighbour.mayBeSame { return }
        throw Self.refusal(place, which: relation, of: "\(neighbour.url), \(neighbour.owner)")
    }

    private static func refusal(_ place: RootURL, which relation: RootURL.Relation, of other: String) -> StoreError {
        let how =
            switch relation {
            case .around: "lies around"
            case .inside: "lies in"
            case .same, .apart: "is"
            }
        return StoreError(
            relation == .same ? .wrongRoot : .invalidArgument,
            "\(place) \(how) \(other), and roots must not overlap; choose a place outside all roots")
    }

    /// Whose root a folder is; nil when it is none, or its account keeps that to itself.
    private func owner(of folder: RootURL) async throws(StoreError) -> String? {
        do throws(StoreError) {
            let storage = try await opener.open(folder)
            let marker: Result<RootMarker?, StoreError>
            do throws(StoreError) { marker = .success(try await Root.marker(in: storage)) } catch {
                marker = .failure(error)
            }
            await storage.close()
            return try marker.get()?.owner
        } catch {
            switch error.code {
            case .unknownFormat: return "a root of a newer version"
            // Another's file that happens to have this name, or what this account may not read, or no folder.
            case .corrupt, .notFound, .permissionDenied, .invalidArgument, .unsupported: return nil
            default: throw error
            }
        }
    }
}
