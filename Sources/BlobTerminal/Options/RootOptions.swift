package import ArgumentParser
internal import BlobBackends
package import BlobStore
internal import FoundationEssentials

/// Which server-level root to work on: what all programs take alike.
package struct RootOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "The server root: a path, file:///path or s3://bucket/prefix?…; else BLOBSTORE_ROOT, else the config file.",
            valueName: "url"))
    package var root: String?

    @Option(help: ArgumentHelp("The id that the root must have.", valueName: "id"))
    package var rootId: String?

    @Option(
        help: ArgumentHelp("The config file; the default is BLOBSTORE_CONFIG.", valueName: "file"), completion: .file())
    package var config: String?

    package init() {}

    /// The root to use, and who named it.
    package func settings() async throws(StoreError) -> ServerSettings {
        try await Self.settings(root: root, rootID: rootId, config: config)
    }

    /// The root to use for options of these values.
    package static func settings(
        root: String?, rootID: String?, config: String?
    ) async throws(StoreError) -> ServerSettings {
        try await ServerSettings.resolve(
            root: root, rootID: rootID, configPath: config, environment: ProcessInfo.processInfo.environment,
            schemes: Backends().schemes)
    }
}
