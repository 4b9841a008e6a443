"""Feeds that move from one kind of mount to another."""


def digests(client):
    return {line["path"]: line["digest"] for line in client.tool("ls", "f").expect(0).of("package")}


def migrated(lab, kind):
    """a feed moves to another kind of mount and back, and the other machine has every package all the time"""
    other = "nfs4" if kind == "smb" else "smb"
    count = 100 if lab.is_long else 10
    root = lab.fresh_root(kind, "f")
    lab.files(lab.one, "/root/migrated", count)
    lab.one.tool("import", "f", "/root/migrated").expect(0)
    before = digests(lab.two)
    assert len(before) == count
    for place in (f"/mnt/{other}/{lab.scenarios}-there", f"{root}-back"):
        lab.one.tool("migrate", "f", "--to", place).expect(0)
        assert digests(lab.two) == before
        lab.two.tool("pull", "f", f"package-{count}.tgz", "-o", f"/tmp/pulled{place.replace('/', '-')}").expect(0)
        lab.expect_good(lab.two)
    return f"{count} packages, to {other} and back"
