import BlobFS
import BlobSystem
import ObjectStorage
import TestSupport

extension TemporaryFolder {
    func open(
        _ calls: any SystemCalls = LinuxCalls(), deadline: Duration = .seconds(120), outage: Duration = .zero
    ) async throws -> FileStorage {
        var options = FileStorageOptions(deadline: deadline, outage: outage)
        options.calls = calls
        // Each stands for a process of its own.
        options.flushFailures = FlushFailures()
        return try await FileStorage.open(path: path, options: options)
    }

    func status(_ name: String) throws -> FileStatus {
        try LinuxCalls().status(ofPath: name.isEmpty ? path : path + "/" + name, followingLinks: false)
    }
}
