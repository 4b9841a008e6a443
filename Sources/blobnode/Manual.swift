internal import ArgumentParser
internal import BlobTerminal

extension Blobnode {
    /// What ends a process that was asked for its manual page: the page, on standard output, and exit code 0.
    static var manual: any Error {
        do {
            let page = try ManualPage(
                _dumpHelp(), version: nodeVersion, volume: .systemAdministration, sections: manualSections)
            return CleanExit.message(page.roff)
        } catch { return error }
    }
}

/// What the manual says beyond the options.
private let manualSections: [(title: String, text: String)] = [
    (
        "SIGNALS",
        """
        SIGTERM, SIGINT: stop in an orderly way, as described above. A second one ends the node at once.
        """
    ),
    (
        "EXIT STATUS",
        """
        0: it was stopped, and ended in an orderly way.

        2: it could not serve; standard error says why.

        64: the command line is wrong.
        """
    ),
    (
        "ENVIRONMENT",
        """
        BLOBSTORE_ROOT: the server root, unless --root is given.

        BLOBSTORE_CONFIG: the config file, unless --config is given.

        BLOBNODE_LISTEN, BLOBNODE_NAME: where to listen and the node's name, unless --listen and --node are given.

        AWS_*: credentials, profile, region and endpoint of buckets, as for the AWS tools.

        TMPDIR: where temporary files go; else /var/tmp.
        """
    ),
    (
        "FILES",
        """
        ~/.config/blobstore/config.json, /etc/blobstore/config.json: the config file; the first that exists is used. \
        A JSON object with packagesRoot, rootId, listen and node:

          {"packagesRoot": "/mnt/nas/packages", "listen": "0.0.0.0:8080"}
        """
    ),
    (
        "SEE ALSO",
        """
        blobtool(1)
        """
    ),
]
