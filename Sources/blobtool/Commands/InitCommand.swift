internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct InitCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Creates a server root in an empty or missing place, or reports the one that is there.",
        discussion: """
            Examples:
              blobtool init /mnt/nas/packages
              blobtool init file:///srv/packages --format json
              blobtool init "s3://bucket/pkgs?endpoint=https://s3.example.net&region=eu-1"
              blobtool init "s3://bucket/pkgs?region=eu-west-1&sse=kms&kms-key=alias/pkgs"
            """)

    @Argument(help: ArgumentHelp("The root: a path, file:///path or s3://bucket/prefix?…", valueName: "url"))
    var url: String
    @Flag(help: "Accept an S3 server without conditional writes. Only one process at a time may write to the root.")
    var singleWriter = false
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        _ = try Read.root(url)
    }

    func run(in session: Session) async throws -> ExitStatus {
        let (store, isNew) = try await PackageStore.create(
            Read.root(url), node: Session.node, with: Session.opener(isForOneWriter: singleWriter))
        session.console.emit(
            JSONLine(
                "root",
                [
                    "id": .string(store.rootID), "url": .string(store.url.description), "kind": "server",
                    "format": .integer(Int64(store.rootFormat)), "created": .bool(isNew),
                ]),
            text: "\(isNew ? "created a server root" : "a server root exists") at \(store.url), id \(store.rootID)")
        for advice in store.capabilities.advice { session.console.warn(advice) }
        await store.close()
        return .done
    }
}
