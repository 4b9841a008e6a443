import BlobFS
import BlobStore
import BlobSystem
import FoundationEssentials

/// A directory of a test's own, gone with it.
final class TemporaryFolder: Sendable {
    let path: String

    /// Where a test makes its directories: an ext4 or another disk, and memory.
    static let places = ["/tmp", "/dev/shm"]

    init(in place: String = "/tmp") throws {
        path = "\(place)/blobfs-test-\(UUID().uuidString.lowercased())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }

    func names(_ folder: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path + "/" + folder).sorted()
    }

    func open(_ calls: any SystemCalls = LinuxCalls(), deadline: Duration = .seconds(120)) async throws -> FileStorage {
        var options = FileStorageOptions(deadline: deadline)
        options.calls = calls
        return try await FileStorage.open(path: path, options: options)
    }

    func status(_ name: String) throws -> FileStatus {
        try LinuxCalls().status(ofPath: name.isEmpty ? path : path + "/" + name, followingLinks: false)
    }
}
