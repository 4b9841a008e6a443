import Glibc
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@testable import LocalFiles

@Suite("A file is read to its end, whatever it says of its size")
struct LocalFileTests {
    private func read(_ path: String) async throws -> [UInt8] {
        let file = try await LocalFile.open(path)
        var bytes: [UInt8] = []
        for try await chunk in file.chunks() { bytes += chunk }
        #expect(file.size == Int64(bytes.count))
        return bytes
    }

    @Test("a file of the kernel's that says it has no bytes, or 4,096 of them, is taken with those it has")
    func misstated() async throws {
        var status = stat()
        #expect(stat("/proc/filesystems", &status) == 0 && status.st_size == 0)
        let text = String(decoding: try await read("/proc/filesystems"), as: UTF8.self)
        #expect(text.contains("tmpfs") && text.hasSuffix("\n"))
        let page = "/sys/kernel/mm/transparent_hugepage/enabled"
        if stat(page, &status) == 0 { #expect(try await read(page).count < 4_096) }
    }

    @Test("an empty file is empty")
    func empty() async throws {
        let folder = TemporaryFolder()
        folder.write("empty", [])
        #expect(try await read(folder.path + "/empty").isEmpty)
    }

    @Test(
        "a file that grows or shrinks while it is read is not taken",
        arguments: [0, 1, 5, 1 << 20, (1 << 20) + 1, 3 << 20], [-1, 1])
    func changed(_ size: Int, _ by: Int) async throws {
        if size + by < 0 { return }
        let folder = TemporaryFolder()
        folder.write("file", [UInt8](repeating: 7, count: size))
        let file = try await LocalFile.open(folder.path + "/file")
        #expect(truncate(folder.path + "/file", size + by) == 0)
        // As if the kernel had not told: only what is read shows it.
        var times = [timespec(tv_sec: 0, tv_nsec: 0), timespec(tv_sec: 0, tv_nsec: 0)]
        utimensat(AT_FDCWD, folder.path + "/file", &times, 0)
        await expectError(.sourceFailed) {
            for try await _ in file.chunks() {}
        }
    }

    @Test("a large file that says it has none is refused, and no part of it is taken")
    func large() async throws {
        var status = stat()
        let path = "/proc/kallsyms"
        guard stat(path, &status) == 0, status.st_size == 0 else { return }
        let file = try await LocalFile.open(path)
        await expectError(.sourceFailed) {
            for try await _ in file.chunks() {}
        }
    }
}
