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

let package = Package(
    name: "blobstore",
    products: [
        .library(name: "BlobStore", targets: ["BlobStore", "BlobBackends"]),
        .library(name: "BlobFS", targets: ["BlobFS"]),
        .library(name: "BlobS3", targets: ["BlobS3"]),
        .library(name: "BlobStoreTesting", targets: ["BlobStoreTesting"]),
        .executable(name: "blobtool", targets: ["blobtool"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    ],
    targets: [
        // C, as thin as it goes.
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .target(name: "CBlobSystem"),

        // What the layers share: system calls, threads for blocking work, digests.
        .target(name: "BlobSystem", dependencies: ["CBlobSystem"], swiftSettings: house),
        .target(name: "BlobCrypto", dependencies: ["CLibCrypto"], swiftSettings: house),

        // The store: Storage, Content, Roots, Feeds, Operations, one folder each.
        .target(
            name: "BlobStore",
            dependencies: [
                "BlobSystem", "BlobCrypto",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: house),

        // Backends, and the one place that knows them all.
        .target(name: "BlobFS", dependencies: ["BlobStore", "BlobSystem", "BlobCrypto"], swiftSettings: house),
        .target(
            name: "BlobS3",
            dependencies: [
                "BlobStore", "BlobSystem", "BlobCrypto", "CLibCurl", "CLibXML2",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),
        .target(name: "BlobBackends", dependencies: ["BlobStore", "BlobFS", "BlobS3"], swiftSettings: house),

        // What another backend's author tests with.
        .target(name: "BlobStoreTesting", dependencies: ["BlobStore", "BlobCrypto"], swiftSettings: house),

        // What blobtool says and how: syntax, output, progress, signals, manual.
        .target(
            name: "BlobTerminal",
            dependencies: ["BlobStore", .product(name: "Logging", package: "swift-log")],
            swiftSettings: house),

        .executableTarget(
            name: "blobtool",
            dependencies: [
                "BlobTerminal", "BlobStore", "BlobBackends", "BlobSystem",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),

        .testTarget(
            name: "BlobStoreTests",
            dependencies: [
                "BlobStore", "BlobStoreTesting", "BlobCrypto",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            swiftSettings: house),
        .executableTarget(
            name: "register-client", dependencies: ["BlobFS", "BlobStore", "BlobStoreTesting"],
            path: "Tests/Tools/register-client", swiftSettings: house),
        .testTarget(name: "ModelTests", swiftSettings: house),
        .testTarget(name: "TidyTests", swiftSettings: house),
        .testTarget(
            name: "BlobFSTests",
            dependencies: [
                "BlobFS", "BlobStore", "BlobStoreTesting", "BlobSystem", "BlobCrypto", "register-client",
            ],
            swiftSettings: house),
        .testTarget(
            name: "BlobS3Tests",
            dependencies: [
                "BlobS3", "BlobStore", "BlobStoreTesting", "BlobSystem", "BlobCrypto",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),
        .testTarget(name: "BlobSystemTests", dependencies: ["BlobSystem"], swiftSettings: house),
        .testTarget(
            name: "BlobTerminalTests", dependencies: ["BlobTerminal", "BlobStore"], swiftSettings: house),
        .testTarget(
            name: "blobtoolTests", dependencies: ["blobtool", "BlobTerminal", "BlobStore", "BlobSystem"],
            swiftSettings: house),
        .testTarget(
            name: "StoreTests", dependencies: ["BlobStore", "BlobBackends", "BlobSystem"], swiftSettings: house),
        .testTarget(
            name: "DocumentationTests", dependencies: ["BlobStore", "BlobBackends", "BlobCrypto"], swiftSettings: house),
    ]
)
