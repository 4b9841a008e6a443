import Glibc
import ObjectStorage
import TestSupport
import Testing

@testable import LocalFiles

@Suite struct LocalOutputTests {
    private func write(_ text: String, to path: String) async throws {
        try await LocalDestination.write(path) { (append) async throws(StoreError) in
            try await append(Array(text.utf8))
        }
    }

    private func kind(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
    }

    /// Makes a node like /dev/null (1:3), as not every account may.
    private static func makeDevice(_ folder: TemporaryFolder) -> Bool {
        mknod(folder.path + "/device", S_IFCHR | 0o666, 259) == 0
    }

    @Test("a device is written to, and stays one", .enabled(if: makeDevice(TemporaryFolder())))
    func device() async throws {
        let folder = TemporaryFolder()
        #expect(Self.makeDevice(folder))
        let path = folder.path + "/device"
        try await write("text", to: path)
        #expect(kind(path) == S_IFCHR)
        symlink("device", folder.path + "/link")
        try await write("text", to: folder.path + "/link")
        #expect(kind(path) == S_IFCHR && kind(folder.path + "/link") == S_IFLNK)
    }

    @Test("a pipe is written to, and its reader gets the content")
    func pipe() async throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/pipe"
        mkfifo(path, 0o600)
        let reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        defer { close(reader) }
        try await write("text", to: path)
        var buffer = [UInt8](repeating: 0, count: 16)
        #expect(read(reader, &buffer, 16) == 4)
        #expect(kind(path) == S_IFIFO)
    }

    @Test("a pipe whose reader goes away is told as that")
    func brokenPipe() async throws {
        signal(SIGPIPE, SIG_IGN)
        let folder = TemporaryFolder()
        let path = folder.path + "/pipe"
        mkfifo(path, 0o600)
        let reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        await expectError(.failed) {
            try await LocalDestination.write(path) { (append) async throws(StoreError) in
                close(reader)
                // A process that another test is just starting has it open for a moment, so that once is not enough.
                for _ in 0..<60_000 { try await append([1]) }
            }
        }
    }

    @Test("a symbolic link stays, and the file that it leads to is replaced or made", arguments: ["there", "new"])
    func link(_ target: String) async throws {
        let folder = TemporaryFolder()
        folder.write("below/there", [1])
        symlink("below/first", folder.path + "/link")
        symlink(target, folder.path + "/below/first")
        try await write("text", to: folder.path + "/link")
        #expect(kind(folder.path + "/link") == S_IFLNK)
        #expect(folder.read("below/\(target)") == Array("text".utf8))
    }

    @Test("what is no place for a file is refused, and stays as it is")
    func refused() async throws {
        let folder = TemporaryFolder()
        mkdir(folder.path + "/folder", 0o777)
        symlink("folder", folder.path + "/toFolder")
        symlink("circle", folder.path + "/circle")
        folder.write("file", [1])
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        bind(socket, to: folder.path + "/socket")
        for name in ["folder", "toFolder", "circle", "socket", "file/below", "file/below/more", ""] {
            await expectError(.invalidArgument) {
                try await write("text", to: name.isEmpty ? "" : folder.path + "/" + name)
            }
        }
        #expect(kind(folder.path + "/socket") == S_IFSOCK && kind(folder.path + "/circle") == S_IFLNK)
        #expect(folder.read("file") == [1])
    }

    @Test("a file that a process has open is not replaced by the number of its descriptor")
    func openFile() async throws {
        let folder = TemporaryFolder()
        folder.write("file", [1])
        let file = open(folder.path + "/file", O_WRONLY)
        defer { close(file) }
        symlink("/proc/self/fd/\(file)", folder.path + "/link")
        for path in ["/proc/self/fd/\(file)", folder.path + "/link"] {
            await expectError(.invalidArgument) { try await write("text", to: path) }
        }
        #expect(folder.read("file") == [1])
    }

    @Test("a folder that would stand where a file is, is told with the file's name")
    func obstacle() async throws {
        let folder = TemporaryFolder()
        folder.write("a/file", [1])
        for name in ["a/file", "a/file/below"] {
            do {
                try await LocalDestination.makeFolder(folder.path + "/" + name)
                Issue.record("a folder was made")
            } catch {
                #expect(error.code == .invalidArgument)
                #expect(error.message.hasPrefix(folder.path + "/a/file is not a directory"))
            }
        }
    }

    private func bind(_ socket: Int32, to path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        withUnsafeBytes(of: &address) { bytes in
            _ = bytes.withMemoryRebound(to: sockaddr.self) {
                Glibc.bind(socket, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
