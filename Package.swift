// swift-tools-version: 6.2
import PackageDescription

/// Every module is held to the same rules; a warning is an error.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .treatAllWarnings(as: .error),
]

/// What comes from other packages for server nodes alone.
func server(_ name: String, _ package: String) -> Target.Dependency {
    .product(name: name, package: package, condition: .when(traits: ["Server"]))
}

let package = Package(
    name: "blobstore",
    products: [
        .library(name: "BlobStore", targets: ["BlobStore", "BlobBackends"]),
        .library(name: "BlobCluster", targets: ["BlobCluster"]),
        .library(name: "BlobFS", targets: ["BlobFS"]),
        .library(name: "BlobS3", targets: ["BlobS3"]),
        .library(name: "BlobStoreTesting", targets: ["BlobStoreTesting"]),
        .library(name: "BlobServer", targets: ["BlobServer"]),
        .executable(name: "blobtool", targets: ["blobtool"]),
        .executable(name: "blobnode", targets: ["blobnode"]),
    ],
    traits: [
        .default(enabledTraits: ["Server"]),
        .trait(name: "Server", description: "Server nodes: BlobServer and blobnode, and what they need for HTTP."),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        // Fetched with the trait `Server` alone.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
    ],
    targets: [
        // C, as thin as it goes.
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .target(name: "CLibCurl"),
        .target(name: "CBlobSystem"),

        // What the layers share: system calls, threads for blocking work, digests, hex.
        .target(name: "BlobSystem", dependencies: ["CBlobSystem"], swiftSettings: house),
        .target(name: "BlobCrypto", dependencies: ["CLibCrypto"], swiftSettings: house),

        // What a backend implements, and all that a backend may know: it names no package and no feed.
        .target(
            name: "ObjectStorage",
            dependencies: [
                "BlobSystem", "BlobCrypto",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: house),

        // Files that stand in no storage: what is published from, and pulled to.
        .target(name: "LocalFiles", dependencies: ["ObjectStorage", "BlobSystem"], swiftSettings: house),

        // The store: Content, Roots, Feeds, Operations, one folder each.
        .target(
            name: "BlobStore",
            dependencies: [
                "ObjectStorage", "LocalFiles", "BlobSystem", "BlobCrypto",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),

        // Backends, and the one place that knows them all.
        .target(name: "BlobFS", dependencies: ["ObjectStorage", "BlobSystem", "BlobCrypto"], swiftSettings: house),
        .target(
            name: "BlobHTTP",
            dependencies: [
                "ObjectStorage", "BlobSystem", "BlobCrypto", "CLibCurl", "CLibXML2",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),
        .target(
            name: "BlobS3",
            dependencies: [
                "BlobHTTP", "ObjectStorage", "BlobSystem", "BlobCrypto",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),
        .target(
            name: "BlobBackends",
            dependencies: ["BlobStore", "BlobFS", "BlobS3", .product(name: "Logging", package: "swift-log")],
            swiftSettings: house),

        // What nodes do together: the registry, secrets and keys, jobs.
        .target(
            name: "BlobCluster", dependencies: ["BlobStore", "ObjectStorage", "BlobCrypto"], swiftSettings: house),

        // Server nodes over HTTP: one route a file.
        .target(
            name: "BlobServer",
            dependencies: [
                "BlobCluster", "BlobStore", "ObjectStorage", "BlobHTTP", "BlobCrypto",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                server("HummingbirdCore", "hummingbird"), server("ServiceLifecycle", "swift-service-lifecycle"),
                server("NIOCore", "swift-nio"), server("NIOPosix", "swift-nio"), server("NIOHTTP1", "swift-nio"),
                server("NIOHTTPTypes", "swift-nio-extras"), server("NIOHTTPTypesHTTP1", "swift-nio-extras"),
                server("HTTPTypes", "swift-http-types"),
            ],
            swiftSettings: house),

        // What another backend's author tests with.
        .target(name: "BlobStoreTesting", dependencies: ["ObjectStorage", "BlobCrypto"], swiftSettings: house),

        // What the programs have in common: which root, syntax, output, progress, signals, manual.
        .target(
            name: "BlobTerminal",
            dependencies: [
                "BlobStore", "LocalFiles", "BlobBackends", "BlobCrypto",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),

        .executableTarget(
            name: "blobtool",
            dependencies: [
                "BlobTerminal", "BlobCluster", "BlobStore", "LocalFiles", "BlobBackends", "BlobSystem",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),

        .executableTarget(
            name: "blobnode",
            dependencies: [
                "BlobServer", "BlobCluster", "BlobTerminal", "BlobBackends", "BlobSystem",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: house),

        // What tests share.
        .target(
            name: "TestSupport",
            dependencies: ["ObjectStorage", "BlobSystem", .product(name: "Logging", package: "swift-log")],
            path: "Tests/Support",
            swiftSettings: house),
        .executableTarget(
            name: "register-client", dependencies: ["BlobFS", "ObjectStorage", "BlobStoreTesting"],
            path: "Tests/Tools/register-client", swiftSettings: house),
        .executableTarget(
            name: "lab-client", dependencies: ["BlobBackends", "BlobStore", "BlobStoreTesting"],
            path: "Tests/Tools/lab-client", swiftSettings: house),

        // One for each module, and those that hold the whole to its rules.
        .testTarget(name: "BlobCryptoTests", dependencies: ["BlobCrypto"], swiftSettings: house),
        .testTarget(name: "BlobSystemTests", dependencies: ["BlobSystem", "TestSupport"], swiftSettings: house),
        .testTarget(
            name: "ObjectStorageTests",
            dependencies: [
                "ObjectStorage", "BlobStoreTesting", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            swiftSettings: house),
        .testTarget(
            name: "LocalFilesTests", dependencies: ["LocalFiles", "ObjectStorage", "BlobSystem", "TestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "BlobFSTests",
            dependencies: [
                "BlobFS", "ObjectStorage", "BlobStoreTesting", "BlobSystem", "BlobCrypto", "TestSupport",
                "register-client",
            ],
            swiftSettings: house),
        .testTarget(
            name: "BlobHTTPTests",
            dependencies: ["BlobHTTP", "CLibCurl", "ObjectStorage", "BlobSystem", "TestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "BlobS3Tests",
            dependencies: [
                "BlobS3", "BlobHTTP", "BlobStore", "ObjectStorage", "BlobStoreTesting", "BlobSystem", "BlobCrypto",
                "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),
        .testTarget(
            name: "BlobStoreTests",
            dependencies: [
                "BlobStore", "BlobBackends", "BlobStoreTesting", "LocalFiles", "BlobSystem", "TestSupport",
            ],
            swiftSettings: house),
        .testTarget(
            name: "BlobClusterTests",
            dependencies: [
                "BlobCluster", "BlobStore", "BlobBackends", "BlobStoreTesting", "BlobSystem", "TestSupport",
            ],
            swiftSettings: house),
        .testTarget(
            name: "BlobTerminalTests", dependencies: ["BlobTerminal", "BlobStore", "BlobStoreTesting", "LocalFiles"],
            swiftSettings: house),
        .testTarget(
            name: "blobtoolTests",
            dependencies: ["blobtool", "BlobTerminal", "BlobStore", "ObjectStorage", "LocalFiles", "BlobSystem"],
            swiftSettings: house),
        .testTarget(
            name: "BlobServerTests",
            dependencies: [
                "BlobServer", "BlobCluster", "BlobStore", "ObjectStorage", "BlobBackends", "BlobSystem", "BlobCrypto",
                "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: house),
        .testTarget(name: "ModelTests", swiftSettings: house),
        .testTarget(name: "TidyTests", swiftSettings: house),
        .testTarget(
            name: "DocumentationTests", dependencies: ["BlobStore", "BlobCrypto", "TestSupport"], swiftSettings: house),
    ]
)
