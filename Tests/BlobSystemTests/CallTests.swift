import BlobSystem
import Glibc
import TestSupport
import Testing

@Suite("What is above a system call")
struct CallTests {
    @Test("an errno is told by the name of its constant, or by its number")
    func errnoNames() {
        #expect("\(Errno.inputOutput) \(Errno.tryAgain) \(Errno.notSupported)" == "EIO EAGAIN EOPNOTSUPP")
        #expect(Errno(rawValue: EUCLEAN).description == "EUCLEAN")
        #expect(Errno(rawValue: 9_999).description == "errno 9999")
    }

    @Test("a temporary file is where TMPDIR says, else in /var/tmp, and has no name")
    func temporaryFiles() throws {
        #expect(TemporaryFile.folder(named: nil) == "/var/tmp")
        #expect(TemporaryFile.folder(named: "") == "/var/tmp")
        #expect(TemporaryFile.folder(named: "/elsewhere") == "/elsewhere")
        let calls = LinuxCalls()
        let file = try TemporaryFile.open(calls)
        try calls.writeFully(file.raw, [1, 2], at: 0)
        let status = try calls.status(of: file.raw)
        #expect(status.linkCount == 0 && status.sizeBytes == 2 && status.permissions & 0o077 == 0)
        try file.close()
    }

    @Test("all names of a folder are read, however many calls that takes, and no more calls than are allowed")
    func names() throws {
        let folder = TemporaryFolder()
        let expected = (0..<100).map { "name-\($0)" }.sorted()
        for name in expected { folder.write(name, []) }
        let calls = LinuxCalls()
        func read(_ sizeBytes: Int, atMost limit: Int = .max) throws -> (names: [String], calls: Int) {
            let opened = try calls.opened(path: folder.path, .directory)
            var names: [String] = []
            let count = try calls.readNames(of: opened.raw, bufferSizeBytes: sizeBytes, atMost: limit) { entry in
                names.append(String(decoding: entry.name, as: UTF8.self))
            }
            return (names.sorted(), count)
        }
        let whole = try read(1 << 16)
        #expect(whole.names == expected && whole.calls == 1)
        let pieces = try read(512)
        #expect(pieces.names == expected && pieces.calls > 5)
        let some = try read(512, atMost: 2)
        #expect((1..<100).contains(some.names.count) && some.calls == 2)
        #expect(throws: Errno.badDescriptor) { try calls.readNames(of: -1) { _ in } }
    }
}
