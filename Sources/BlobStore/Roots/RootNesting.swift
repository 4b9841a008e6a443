/// Keeps roots out of each other: the outer one would take the inner one's files for damage, or in its way.
package struct RootNesting: Sendable {
    private let known: [RootURL]
    private let opener: any StorageOpener

    /// - Parameter known: roots that must neither hold a new one nor stand in it.
    package init(known: [RootURL] = [], _ opener: any StorageOpener) {
        self.known = known
        self.opener = opener
    }

    /// Looks at the known roots, and for a marker in every folder above the place. A place that is a root itself is
    /// not looked at: whose it is, its own marker says.
    /// - Throws: `invalidArgument` when the place lies inside of a root, or around a known one.
    package func refuse(_ place: RootURL) async throws(StoreError) {
        let resolved = try await place.resolved()
        for root in known {
            let other = try await root.resolved()
            switch resolved.relation(to: other) {
            case .inside: throw Self.refusal("\(place) lies inside of the root \(root)")
            case .around: throw Self.refusal("the root \(root) lies inside of \(place)")
            case .same, .apart: break
            }
        }
        for folder in resolved.parents {
            guard let marker = try await marker(at: folder) else { continue }
            throw Self.refusal("\(place) lies inside of \(folder), which is \(marker)")
        }
    }

    private static func refusal(_ sentence: String) -> StoreError {
        StoreError(.invalidArgument, sentence + ", and roots must not stand in each other: choose another place")
    }

    /// Whose root a folder is; nil when it is none, or its account keeps that to itself.
    private func marker(at folder: RootURL) async throws(StoreError) -> String? {
        do throws(StoreError) {
            switch folder.place {
            case .file(let path):
                guard let bytes = try await LocalFile.contents("\(path)/\(FeedLayout.marker)", upTo: 1 << 16) else {
                    return nil
                }
                return try Document<RootMarker>(bytes: bytes).body.owner
            case .s3:
                let storage = try await opener.open(folder)
                let marker: Result<RootMarker?, StoreError>
                do throws(StoreError) { marker = .success(try await Root.marker(in: storage)) } catch {
                    marker = .failure(error)
                }
                await storage.close()
                return try marker.get()?.owner
            }
        } catch {
            switch error.code {
            case .unknownFormat: return "a root of a newer version"
            // Another's file that happens to have this name, or one that this account may not read.
            case .corrupt, .notFound, .permissionDenied, .sourceFailed: return nil
            default: throw error
            }
        }
    }
}
