/// What this account may do, on which some tests depend.
enum Privileges {
    /// Whether it may mount in a namespace of its own.
    static let canMount = runs(
        "/bin/sh", ["-c", "exec unshare -rm mount -t tmpfs none /mnt 2>/dev/null"],
        else: "may not mount, so no disk is full, and no mount goes away beneath a command")

    /// Whether it may make a filesystem in a file and mount it.
    static let canMountFiles = runs(
        "/bin/sh",
        [
            "-c",
            """
            PATH=$PATH:/usr/sbin; d=$(mktemp -d) && truncate -s 320M $d/disk && mkfs.xfs -q $d/disk && mkdir $d/m && mount -o loop $d/disk $d/m
            r=$?; umount $d/m 2>/dev/null; rm -r $d; exit $r
            """,
        ], else: "may not make a filesystem and mount it, so no files share blocks")

    /// Whether it may trace its processes, and so make a call of theirs slow.
    static let canTrace = runs(
        "/usr/bin/strace",
        ["-D", "-f", "-qq", "-o", "/dev/null", "--seccomp-bpf", "-e", "trace=unlinkat", "/bin/true"],
        else: "may not trace its processes, so no call of theirs is slow")

    private static func runs(_ program: String, _ arguments: [String], else flaw: String) -> Bool {
        let process = try? SpawnedProcess(program, arguments, environment: Tool.environment([:]))
        process?.closeInput()
        _ = process?.collect()
        let can = process?.wait() == 0
        if !can { print("NOT TESTED: this account \(flaw)") }
        return can
    }
}
