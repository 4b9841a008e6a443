internal import ArgumentParser
internal import BlobTerminal

struct ManualCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "man",
        abstract: "Prints the manual page of all commands, in roff.",
        discussion: """
            Examples:
              blobtool man > /usr/local/share/man/man1/blobtool.1
              blobtool man | man -l -
            """)

    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let page = try ManualPage(Blobtool._dumpHelp(), version: toolVersion, sections: manualSections).roff
        session.console.emit(JSONLine("manual", ["roff": .string(page)]), text: page)
        return .done
    }
}

/// What the manual says beyond the commands.
private let manualSections: [(title: String, text: String)] = [
    (
        "SYNTAX",
        """
        Durations are written 90s, 15m, 24h or 30d. Sizes are written 50MB (10^6) or 50MiB (2^20), and rates like \
        sizes, per second. Times are RFC 3339 in UTC. Digests are written sha256: and 64 lower-case hex digits. The \
        locale changes nothing.

        A root is named by a path, by file:///path, or by \
        s3://bucket/prefix?endpoint=URL&region=NAME&style=path|virtual&profile=NAME. Credentials never stand in it.

        Names of feeds and nodes have 1 to 63 characters of a-z, 0-9, dot, underscore and hyphen, begin with a letter \
        or digit, and end neither in a dot nor in .json.
        """
    ),
    (
        "OUTPUT",
        """
        Results go to standard output, and everything else to standard error. With --format json every result is an \
        object on a line of its own, with a "type"; an error is {"type":"error","code":"...","message":"..."}.

        Long work says on standard error how far it is: a bar on a terminal, else a line every 10 s, which with \
        --format json is {"type":"progress","phase":"...","items":N,"itemsTotal":N,"bytes":N,"bytesTotal":N, ...}.

        What goes to a file replaces it once it is whole, also where a symbolic link leads to it. A device or a pipe is \
        written to as it is.

        The file of --failed, which --only takes, has a name on each line. A folder that could not be read ends in a \
        slash, and means all below it. A name that has control characters, begins with a quotation mark or is no \
        UTF-8 stands as a JSON string, in which \\xff stands for a byte that is no text.
        """
    ),
    (
        "EXIT STATUS",
        """
        0: done.

        1: the command ran to its end and its answer is "not good": a check found damage, or some of several items \
        failed.

        2: it could not be done, or a check could not look everywhere.

        64: the command line cannot be understood.

        130, 143: stopped by SIGINT or SIGTERM. Nothing is half done; the same command goes on from there.

        141: the reader of standard output went away.
        """
    ),
    (
        "ENVIRONMENT",
        """
        BLOBSTORE_ROOT: the server-level root, where --root is not given.

        BLOBSTORE_CONFIG: the config file, where --config is not given.

        LOGNAME, USER: who changes something, where --by is not given; else it is the account's name.

        AWS_*: credentials, profile, region and endpoint of buckets, as the AWS tools take them.

        TMPDIR: where content for a bucket waits that can be read only once; else /var/tmp.
        """
    ),
    (
        "FILES",
        """
        ~/.config/blobstore/config.json, /etc/blobstore/config.json: the config file, the first that exists. A JSON \
        object with packagesRoot (the root: a path from /, or a URL) and rootId (the id that it must carry).

          {"packagesRoot": "/mnt/nas/packages"}
        """
    ),
    (
        "SHELL COMPLETION",
        """
        Scripts for bash, zsh and fish are printed by --generate-completion-script:

          blobtool --generate-completion-script bash > /etc/bash_completion.d/blobtool
        """
    ),
]
