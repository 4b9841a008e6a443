import FoundationEssentials
import Testing

/// Migrations within a filesystem that can share blocks between files.
@Suite(.enabled(if: Privileges.canMountFiles))
struct CloneTests {
    @Test("the new root shares the blocks of the old one, takes no room, and is not damaged with it")
    func clone() async throws {
        let scratch = try Scratch()
        // 60 MB of content on a disk of 320 MB, of which a log takes a part.
        try scratch.write(
            "lines.sh",
            """
            set -e
            { "$0" init "$BLOBSTORE_ROOT" && "$0" feed create npm && "$0" import npm tree; } >&2
            used() { sync; df --output=used -k disk | tail -n 1; }
            before=$(used)
            "$0" migrate npm --to "$PWD/disk/moved" --format json
            printf '{"type":"used","kibibytes":%d}\\n' $(( $(used) - before ))
            for blob in $(find disk/root/feeds/npm/blobs -type f); do
                printf X | dd of=$blob conv=notrunc bs=1 2>/dev/null
            done
            "$0" check --content all --format json
            """)
        for name in ["a", "b", "c"] {
            try scratch.write("tree/\(name)", String(repeating: name + "123456789abcdef\n", count: 1_200_000))
        }
        let result = try await scratch.shell(
            """
            PATH=$PATH:/usr/sbin; truncate -s 320M image && mkfs.xfs -q image && mkdir disk && mount -o loop image disk
            BLOBSTORE_ROOT=$PWD/disk/root sh -c "$(cat lines.sh)" "$0"; r=$?; umount disk; exit $r
            """)
        #expect(result.status == 0, "\(result.errors)")
        let summary = try #require(result.lines.first { $0["command"] == "migrate" })
        #expect(summary[bool: "cutover"] == true && summary[number: "copied"] == 3)
        let used = try #require(result.line("used")[number: "kibibytes"])
        #expect(used < 10_000, "\(used) KiB for 61 MB of content")
    }
}
