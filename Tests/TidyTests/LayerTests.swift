import Testing

@Suite("Each layer names only what stands below it")
struct LayerTests {
    private static let layers = ["Content", "Roots", "Feeds", "Cluster", "Operations"]

    /// What a target's sources may import, beside the standard library's own modules.
    private static let imports: [String: Set<String>] = [
        "BlobSystem": ["CBlobSystem", "Glibc", "Musl", "FoundationEssentials"],
        "BlobCrypto": ["CLibCrypto"],
        "ObjectStorage": [
            "BlobSystem", "BlobCrypto", "Logging", "CoreMetrics", "Metrics", "FoundationEssentials", "Glibc",
        ],
        "LocalFiles": ["ObjectStorage", "BlobSystem", "FoundationEssentials", "Glibc"],
        "BlobStore": [
            "ObjectStorage", "LocalFiles", "BlobSystem", "BlobCrypto", "Logging", "FoundationEssentials", "Glibc",
        ],
        "BlobFS": ["ObjectStorage", "BlobSystem", "BlobCrypto", "FoundationEssentials", "Glibc", "Musl"],
        "BlobHTTP": [
            "ObjectStorage", "BlobSystem", "BlobCrypto", "CLibCurl", "CLibXML2", "Logging", "FoundationEssentials",
            "Glibc",
        ],
        "BlobS3": [
            "BlobHTTP", "ObjectStorage", "BlobSystem", "BlobCrypto", "Logging", "FoundationEssentials", "Glibc",
        ],
        "BlobCluster": ["BlobStore", "ObjectStorage", "BlobCrypto", "FoundationEssentials"],
        "BlobServer": [
            "BlobCluster", "BlobStore", "ObjectStorage", "BlobHTTP", "BlobCrypto", "HummingbirdCore",
            "ServiceLifecycle", "NIOCore",
            "NIOPosix",
            "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "HTTPTypes", "Logging", "CoreMetrics",
            "FoundationEssentials",
        ],
        "blobnode": [
            "BlobServer", "BlobCluster", "BlobTerminal", "BlobBackends", "BlobSystem", "ArgumentParser", "Logging",
            "CoreMetrics", "FoundationEssentials", "Glibc", "Musl",
        ],
        "BlobBackends": ["BlobStore", "BlobFS", "BlobS3", "BlobSystem", "Logging", "FoundationEssentials"],
        "BlobStoreTesting": ["ObjectStorage", "BlobCrypto", "Glibc", "Musl"],
        "BlobTerminal": [
            "BlobBackends", "BlobStore", "LocalFiles", "BlobSystem", "BlobCrypto", "Logging", "FoundationEssentials",
            "Glibc", "Musl", "ArgumentParser",
        ],
        "blobtool": [
            "BlobTerminal", "BlobCluster", "BlobStore", "LocalFiles", "BlobBackends", "BlobSystem", "ArgumentParser",
            "ArgumentParserToolInfo",
            "Logging",
            "FoundationEssentials", "Glibc", "Musl",
        ],
    ]
    private static let standard: Set<String> = ["Swift", "Synchronization", "_Concurrency", "Dispatch"]

    @Test("the tree was found")
    func found() {
        #expect(SourceTree.sources.count > 50)
        #expect(SourceTree.tests.count > 10)
        #expect(!SourceTree.here.bytes(of: "Package.swift").isEmpty)
    }

    @Test(
        "a file names no type of a higher layer",
        arguments: ["Content", "Roots", "Feeds", "Cluster"])
    func layers(_ layer: String) throws {
        let store = SourceTree.sources.filter { $0.target == "BlobStore" }
        let level = try #require(Self.layers.firstIndex(of: layer))
        let higher = Set(store.filter { Self.layers[(level + 1)...].contains($0.layer) }.flatMap(\.declaredTypes))
        #expect(!higher.isEmpty)
        expectNone(store.filter { $0.layer == layer }.flatMap { Self.uses(of: higher, in: $0) })
    }

    @Test("every file of the store stands in a layer")
    func placed() {
        let store = SourceTree.sources.filter { $0.target == "BlobStore" }
        let misplaced = store.filter { !Self.layers.contains($0.layer) }.map(\.path)
        #expect(misplaced == ["Sources/BlobStore/BlobStore.swift"])
    }

    @Test("a target imports only what stands below it")
    func imports() throws {
        for file in SourceTree.sources {
            let allowed = try #require(Self.imports[file.target], "\(file.target) is not in the table of this test")
            let others = Set(file.imports).subtracting(allowed).subtracting(Self.standard)
            #expect(others.isEmpty, "\(file.path) imports \(others)")
        }
    }

    private static func uses(of types: Set<String>, in file: SourceFile) -> [String] {
        file.places { line in line.words.contains { types.contains(String($0)) } }
    }
}
