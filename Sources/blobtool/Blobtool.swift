internal import ArgumentParser
internal import BlobTerminal

/// The command line: what there is to type. What it does stands in the layers below.
struct Blobtool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blobtool",
        abstract: "Stores packages for any number of server nodes on one shared storage.",
        discussion: """
            A server root holds feeds, and a feed holds packages by path. Name the root with --root, BLOBSTORE_ROOT \
            or a config file.

            Examples:
              blobtool init /mnt/nas/packages
              export BLOBSTORE_ROOT=/mnt/nas/packages
              blobtool feed create npm
              blobtool push npm left-pad-1.3.0.tgz --prefix left-pad/1.3.0
              blobtool ls npm -l
              blobtool check --content all
            """,
        version: toolVersion,
        subcommands: [
            InitCommand.self, FeedCommand.self, ExplainCommand.self, DoctorCommand.self, StatsCommand.self,
            PushCommand.self,
            PullCommand.self,
            CatCommand.self, ListCommand.self, StatCommand.self, RemoveCommand.self, RestoreCommand.self,
            LogCommand.self, FindCommand.self,
            PromoteCommand.self, ImportCommand.self, ExportCommand.self, CompareCommand.self, CheckCommand.self,
            RepairCommand.self, QuarantineCommand.self, CollectCommand.self, RetainCommand.self, MigrateCommand.self,
            ProbeCommand.self,
            KeyCommand.self, ClusterCommand.self, ManualCommand.self, ProbeWorkerCommand.self,
        ])
}

/// What `--version` says.
let toolVersion = "blobtool \(Release.version)"
