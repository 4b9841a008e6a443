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
        Durations look like 90s, 15m, 24h or 30d. Sizes look like 50MB (10^6) or 50MiB (2^20); rates are sizes per \
        second. Times are RFC 3339 in UTC. A digest is sha256: and 64 lower-case hex digits. The locale has no effect.

        A root is a path, file:///path, or \
        s3://bucket/prefix?endpoint=URL&region=NAME&style=path|virtual&profile=NAME. It never contains credentials. \
        More options for a bucket: sse=s3|kms|kms-dsse and kms-key=ID (encryption by the server), storage-class=NAME \
        (of content), acl=bucket-owner-full-control, expected-bucket-owner=ACCOUNT. To use an access point, write its \
        ARN in place of the bucket.

        Names of feeds and nodes have 1 to 63 characters from a-z, 0-9, dot, underscore and hyphen. They begin with a \
        letter or digit, and do not end with a dot or .json.
        """
    ),
    (
        "OUTPUT",
        """
        Results go to standard output, everything else to standard error. With --format json, every result is one \
        object on one line, with a "type"; an error is {"type":"error","code":"...","message":"..."}.

        Long work shows its progress on standard error: a bar on a terminal, otherwise a line every 10 s, which with \
        --format json is {"type":"progress","phase":"...","items":N,"itemsTotal":N,"bytes":N,"bytesTotal":N, ...}.

        A file that a command writes appears only when it is complete, and then replaces the old one, even behind a \
        symbolic link. A device or a pipe is written to directly.

        The file of --failed, which --only reads, has one name per line. A folder that could not be read ends with a \
        slash and means everything below it. A name that has control characters, begins with a quotation mark or is \
        not UTF-8 is written as a JSON string, in which \\xff is a byte that is not text.
        """
    ),
    (
        "EXIT STATUS",
        """
        0: done.

        1: the command finished, and the answer is "not good": a check found damage, or some of several items failed.

        2: the command failed, or a check was incomplete.

        64: the command line is wrong.

        130, 143: stopped by SIGINT or SIGTERM. Nothing is half done; the same command resumes where it stopped.

        141: the reader of standard output closed it.
        """
    ),
    (
        "ENVIRONMENT",
        """
        BLOBSTORE_ROOT: the server root, unless --root is given.

        BLOBSTORE_CONFIG: the config file, unless --config is given.

        LOGNAME, USER: who makes a change, unless --by is given; without them, the account's name.

        AWS_*: credentials, profile, region and endpoint of buckets, as for the AWS tools; also \
        AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT.

        TMPDIR: where temporary files go, for content that can be read only once and for large feeds; else /var/tmp.
        """
    ),
    (
        "FILES",
        """
        ~/.config/blobstore/config.json, /etc/blobstore/config.json: the config file; the first that exists is used. \
        A JSON object with packagesRoot (the root: an absolute path or a URL) and rootId (the id that it must have).

          {"packagesRoot": "/mnt/nas/packages"}
        """
    ),
    (
        "SHELL COMPLETION",
        """
        --generate-completion-script prints a script for bash, zsh or fish:

          blobtool --generate-completion-script bash > /etc/bash_completion.d/blobtool
        """
    ),
]
