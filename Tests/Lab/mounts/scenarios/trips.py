"""What each operation costs: round trips between a client and the server."""

import re

PACKAGES = 50


def calls_so_far(client, kind):
    """How many requests the client has sent for a mount since it was mounted."""
    if kind == "smb":
        return int(re.search(r"SMBs: (\d+)", client.machine.run("cat /proc/fs/cifs/Stats")).group(1))
    stats = client.machine.run("cat /proc/self/mountstats")
    mount = next(part for part in stats.split("\ndevice ") if f" on /mnt/{kind} " in part.splitlines()[0])
    counts = re.findall(r"^\s+[A-Z_0-9]+: (\d+)", mount.split("per-op statistics")[1], re.MULTILINE)
    return sum(int(count) for count in counts)


def counted(client, kind, script, by=1):
    """Round trips of a shell script, for each of so many things it does."""
    before = calls_so_far(client, kind)
    client.shell(script)
    return (calls_so_far(client, kind) - before) / by


def round_trips(lab, kind):
    """round trips of each operation, beside those of copying a file and flushing it"""
    root = lab.fresh_root(kind, "f")
    one = lab.one
    lab.files(one, "/root/first", 1)
    lab.files(one, "/root/more", PACKAGES)
    one.machine.run(f"mkdir -p {root}-copies/x")
    # The first push makes the folders that all others find.
    one.tool("push", "f", "/root/first/package-1.tgz", "--as", "first.tgz").expect(0)
    rows = {
        "stat": counted(one, kind, "blobtool stat f first.tgz"),
        "pull": counted(one, kind, "blobtool pull f first.tgz -o - >/dev/null"),
        "push": counted(one, kind, "blobtool push f /root/more/package-1.tgz --as second.tgz"),
        f"import, a package of {PACKAGES}": counted(one, kind, "blobtool import f /root/more", PACKAGES),
        f"the same again, a package of {PACKAGES}": counted(one, kind, "blobtool import f /root/more", PACKAGES),
        "cp and fsync, a file": counted(
            one, kind, f"for f in /root/more/*; do cp $f {root}-copies/x/ && sync {root}-copies/x/${{f##*/}}; done",
            PACKAGES),
    }
    return "".join(f"\n         {count:7.1f}  {what}" for what, count in rows.items())
