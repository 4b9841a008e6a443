import BlobSystem
import Glibc
import ObjectStorage
import TestSupport
import Testing

@testable import LocalFiles

@Suite("No output lands in a root, and no walk enters one")
struct RootBoundsTests {
    private let folder = TemporaryFolder()
    private var root: String { folder.path + "/root" }

    init() {
        folder.write("root/root.json", Self.marker("server"))
        folder.write("root/feeds/npm/packages/a.json", [0x7B, 0x7D])
        folder.write("outside/file", [1])
    }

    private static func marker(_ kind: String, format: Int = 1) -> [UInt8] {
        Array(#"{"format":\#(format),"id":"6f0e0fca","kind":"\#(kind)","revision":"r"}"#.utf8)
    }

    private func write(_ path: String, makingFolders: Bool = false) async throws {
        try await LocalDestination.write(path, makingFolders: makingFolders) { (append) async throws(StoreError) in
            try await append([1])
        }
    }

    @Test(
        "an output into a root is refused, however its path leads there, and leaves nothing",
        arguments: [
            "root/root.json", "root/new", "root/feeds/npm/packages/a.json", "root/feeds/npm/new/deep/x",
            "link/packages/x", "outside/../link/x", "file-link", "dangling",
        ])
    func outputs(_ path: String) async throws {
        symlink("root/feeds/npm", folder.path + "/link")
        symlink("root/feeds/npm/packages/a.json", folder.path + "/file-link")
        symlink("root/feeds/npm/packages/new.json", folder.path + "/dangling")
        await expectError(.invalidArgument) { try await write("\(folder.path)/\(path)", makingFolders: true) }
        await expectError(.invalidArgument) {
            try await LocalDestination.expectOutsideRoots("\(folder.path)/\(path)")
        }
        #expect(folder.read("root/feeds/npm/packages/a.json") == [0x7B, 0x7D])
        #expect(folder.read("root/root.json") == Self.marker("server"))
        #expect(access(root + "/new", F_OK) != 0 && access(root + "/feeds/npm/new", F_OK) != 0)
    }

    @Test("a folder in a root is not made")
    func folders() async throws {
        await expectError(.invalidArgument) { try await LocalDestination.makeFolder(root + "/feeds/npm/out/deep") }
        await expectError(.invalidArgument) { try await LocalDestination.makeFolder(root) }
        #expect(access(root + "/feeds/npm/out", F_OK) != 0)
    }

    /// Sees the filesystem as another account, on this thread, for the time of the call.
    /// - Source: setfsuid(2), which the Glibc module leaves out.
    private func asAnother<Value>(_ body: () throws -> Value) rethrows -> Value {
        typealias Setter = @convention(c) (UInt32) -> Int32
        let setUser = dlsym(dlopen(nil, RTLD_NOW), "setfsuid").map { unsafeBitCast($0, to: Setter.self) }
        _ = setUser?(54_321)
        defer { _ = setUser?(0) }
        return try body()
    }

    @Test(
        "a folder that this account may not look into is not taken for a root; one with a marker that it cannot read is",
        .enabled(if: getuid() == 0), arguments: [(0o700, false), (0o755, true)])
    func closed(mode: Int, isRoot: Bool) throws {
        folder.write("closed/tree/file", [1])
        if isRoot { folder.write("closed/root.json", Self.marker("server")) }
        #expect(chmod(folder.path + "/closed/root.json", 0o600) == (isRoot ? 0 : -1))
        #expect(chmod(folder.path + "/closed", mode_t(mode)) == 0)
        let tree = Glibc.open(folder.path + "/closed/tree", O_RDONLY | O_DIRECTORY)
        defer { Glibc.close(tree) }
        #expect((try asAnother { try RootBounds.root(around: tree) } != nil) == isRoot)
    }

    @Test("beside a root all is written, also where another program has a root.json")
    func beside() async throws {
        folder.write("outside/root.json", Array(#"{"kind":"tree"}"#.utf8))
        try await write(folder.path + "/outside/new/x", makingFolders: true)
        #expect(folder.read("outside/new/x") == [1])
    }

    @Test("a root of a newer version, and a feed root whose marker is gone, are roots")
    func unusual() async throws {
        folder.write("newer/root.json", Self.marker("feed", format: 99))
        folder.write("bare/blobs/sha256/ab/x", [1])
        folder.write("bare/packages/a.json", [1])
        for path in ["newer/x", "bare/packages/x", "bare/y"] {
            await expectError(.invalidArgument) { try await write("\(folder.path)/\(path)") }
        }
    }

    /// Mounts a folder at another, as not every account may.
    private static func bind(_ source: String, _ target: String) -> Bool {
        mkdir(target, 0o777)
        return mount(source, target, nil, UInt(4_096), nil) == 0
    }

    private static let canMount: Bool = {
        let folder = TemporaryFolder()
        folder.write("a/x", [1])
        defer { umount2(folder.path + "/b", 2) }
        return bind(folder.path + "/a", folder.path + "/b")
    }()

    @Test("a bind mount hides no root", .enabled(if: canMount))
    func mounts() async throws {
        let target = folder.path + "/outside/mount"
        try #require(Self.bind(root + "/feeds/npm/packages", target))
        defer { umount2(target, 2) }
        await expectError(.invalidArgument) { try await write(target + "/x.json") }
        await expectError(.sourceFailed) { try await names(below: target) }
        let (found, refused) = try await walk(folder.path + "/outside")
        #expect(found == ["file"] && refused == ["mount/"])
    }

    private func walk(_ path: String) async throws -> (found: [String], refused: [String]) {
        let tree = try await LocalTree(path)
        var (found, refused): ([String], [String]) = ([], [])
        while let page = try await tree.next() {
            for entry in page {
                switch entry {
                case .file(let name), .link(let name): found.append(name)
                case .refused(let name, let error):
                    #expect(error.code == .sourceFailed)
                    refused.append(name.description)
                }
            }
        }
        return (found.sorted(), refused.sorted())
    }

    private func names(below path: String) async throws -> [String] { try await walk(path).found }

    @Test("a walk takes what stands beside a root, and refuses the root as one folder")
    func walks() async throws {
        folder.write("outside/deep/root/root.json", Self.marker("feed"))
        folder.write("outside/deep/root/packages/a.json", [1])
        let (found, refused) = try await walk(folder.path)
        #expect(found == ["outside/file"] && refused == ["outside/deep/root/", "root/"])
        for path in [root, root + "/feeds", root + "/feeds/npm/packages"] {
            await expectError(.sourceFailed) { try await names(below: path) }
        }
    }

    @Test("of mounts of one filesystem those are found that reach further up")
    func table() {
        let table = MountTable(
            """
            21 1 8:1 / / rw - ext4 /dev/sda1 rw
            22 21 8:1 /srv/my\\040root/feeds /mnt/x rw shared:1 - ext4 /dev/sda1 rw
            23 21 8:2 / /srv rw - ext4 /dev/sdb1 rw
            24 21 8:1 /srv /other rw - ext4 /dev/sda1 rw
            garbled
            """)
        #expect(table.originals(of: 22) == ["/srv/my root/feeds", "/other/my root/feeds"])
        #expect(table.originals(of: 21).isEmpty && table.originals(of: 99).isEmpty)
    }
}
