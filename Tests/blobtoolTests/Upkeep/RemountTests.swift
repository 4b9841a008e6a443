import Testing

/// What comes of commands when the mount that the root stands on goes away beneath them, and comes back.
@Suite(.enabled(if: Privileges.canMount))
struct RemountTests {
    /// Imports slowly into a root on a mount of its own, and does `lines` when some packages are there.
    private func run(_ scratch: Scratch, _ lines: String) async throws -> Tool.Result {
        for number in 0..<60 { try scratch.write("tree/\(number)", String(repeating: "\(number) ", count: 10_000)) }
        try scratch.write(
            "lines.sh",
            """
            set -e; tool=$1; blobtool() { "$tool" "$@"; }
            "$tool" import npm tree --jobs 2 --bwlimit 400kB --format json > imported.json 2> errors & importing=$!
            packages() { find "$1" -path '*/packages/*' -name '*.json' 2> /dev/null | wc -l; }
            while [ "$(packages root)" -lt 5 ]; do kill -0 $importing; sleep 0.05; done
            \(lines)
            """)
        return try await scratch.shell(
            """
            mkdir -p root spare && exec unshare -rm sh -c 'mount -t tmpfs none root && mount -t tmpfs none spare &&
            "$0" init "$BLOBSTORE_ROOT" -q >&2 && "$0" feed create npm -q >&2 && exec sh lines.sh "$0"' "$0"
            """)
    }

    @Test("an import whose mount is taken away reports nothing done that is not where the path leads, and fails")
    func unmounted() async throws {
        let scratch = try Scratch()
        let result = try await run(
            scratch,
            """
            umount -l root
            status=0; wait $importing || status=$?
            ls root; exit $status
            """)
        #expect(result.status == 2)
        #expect(result.output.isEmpty)
        #expect(
            scratch.read("errors")?.contains("wrong") == true || scratch.read("errors")?.contains("mounted") == true)
    }

    @Test("an import whose root is mounted anew goes on there, and the same command completes it")
    func remounted() async throws {
        let scratch = try Scratch()
        let result = try await run(
            scratch,
            """
            kill -STOP $importing
            cp -a root/. spare
            before=$(packages spare)
            umount -l root
            mount --bind spare root
            kill -CONT $importing
            wait $importing || true
            test "$(packages root)" -gt $((before + 10))
            blobtool import npm tree --format json
            blobtool check npm --content all -q >&2
            """)
        #expect(result.status == 0, "\(result.errors)")
        let summary = try result.line("summary")
        let (imported, unchanged) = (summary[number: "imported"] ?? 0, summary[number: "unchanged"] ?? 0)
        #expect(imported + unchanged == 60)
        #expect(summary[number: "failed"] == 0)
    }
}
