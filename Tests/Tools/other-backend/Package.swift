// swift-tools-version: 6.2
import PackageDescription

/// A backend as somebody else would write one: a package of its own, which sees only what is public. `run`,
/// beside this file, builds and runs it, and `scripts/test` runs that.
let package = Package(
    name: "other-backend",
    dependencies: [.package(name: "blobstore", path: "../../..", traits: [])],
    targets: [
        .executableTarget(
            name: "other-backend",
            dependencies: [
                .product(name: "BlobStore", package: "blobstore"),
                .product(name: "BlobStoreTesting", package: "blobstore"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)])
    ]
)
