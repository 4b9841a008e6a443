import BlobStore
import Synchronization

/// What publishers were told is done.
final class Reported: Sendable {
    private let paths = Mutex<[String: String]>([:])

    var all: [String: String] { paths.withLock { $0 } }

    /// Publishes content that others publish too, and deletes every third of it again.
    func publish(_ rounds: Int, to feed: Feed, _ folder: String) async throws {
        for round in 0..<rounds {
            let text = "content \(round % 7)"
            let path = "\(folder)/\(round)"
            try await feed.publish(text, at: path)
            paths.withLock { $0[path] = text }
            guard round % 3 == 0 else { continue }
            try await feed.remove(PackagePath(path), by: "x")
            paths.withLock { $0[path] = nil }
        }
    }
}
