"""What an administrator does with a root, on one machine and on the other."""

FILES = 6


def named(result, kind, field="path"):
    return sorted(line[field] for line in result.of(kind))


def diagnosis(client):
    """What `doctor` found wrong or could not look at."""
    lines = client.tool("doctor").expect(0).of("advice")
    assert len(lines) > 10, lines
    return [line for line in lines if line["severity"] == "error" or not line["certain"]]


def upkeep(lab, kind):
    """doctor finds nothing wrong; rm --prefix, quarantine and export --update act alike for both machines"""
    root = lab.fresh_root(kind, "f", options=["--mutable"])
    one, two = lab.one, lab.two
    lab.files(one, "/root/upkeep", FILES)
    one.tool("import", "f", "/root/upkeep").expect(0)
    for client in (one, two):
        assert diagnosis(client) == [], diagnosis(client)
    removing(one, two)
    exporting(one, two, f"{root}-mirror")
    quarantine(one, two, root)
    assert diagnosis(two) == []
    lab.expect_good(one)


def removing(one, two):
    two.tool("rm", "f", "--prefix", "package-").expect(2)
    assert len(two.tool("rm", "f", "--prefix", "package-", "--dry-run").expect(0).of("removed")) == FILES
    assert len(two.tool("rm", "f", "--prefix", "package-", "--yes").expect(0).of("removed")) == FILES
    assert one.tool("ls", "f").expect(0).of("package") == []
    one.tool("import", "f", "/root/upkeep").expect(0)
    assert len(two.tool("ls", "f").expect(0).of("package")) == FILES


def exporting(one, two, mirror):
    """A mirror on the same mount, beside the root, which one machine makes and the other brings up to date."""
    one.tool("export", "f", mirror).expect(0)
    one.machine.run(f"echo new > /root/new && echo stray > {mirror}/stray")
    one.tool("push", "f", "/root/new", "--as", "package-1.tgz").expect(0)
    two.tool("export", "f", mirror).expect(1)
    two.tool("export", "f", mirror, "--update", "--delete").expect(0)
    assert one.machine.run(f"cat {mirror}/package-1.tgz") == "new\n"
    assert len(one.machine.run(f"ls -A {mirror}").split()) == FILES
    assert one.tool("compare", "f", mirror).expect(0).of("difference") == []


def quarantine(one, two, root):
    """A blob that one machine damages behind the store's back, the other puts aside, and one is rid of at last."""
    digest = one.tool("stat", "f", "package-2.tgz").expect(0).of("package")[0]["digest"].removeprefix("sha256:")
    one.machine.run(
        f"blob=$(find {root}/feeds/f/blobs -name '*{digest}*') && chmod u+w $blob && "
        "printf X | dd of=$blob conv=notrunc,fsync status=none")
    two.tool("repair", "f").expect(1)
    assert named(one.tool("quarantine", "list", "f").expect(0), "quarantined", "state") == ["needed"]
    purge = ("quarantine", "purge", "f", "--older", "0s")
    assert one.tool(*purge).expect(0).of("purged") == []
    one.tool("push", "f", "/root/upkeep/package-2.tgz").expect(0)
    assert named(two.tool("quarantine", "list", "f").expect(0), "quarantined", "state") == ["replaced"]
    assert named(two.tool(*purge).expect(0), "purged", "state") == ["replaced"]
    assert one.tool("quarantine", "list", "f").expect(0).of("quarantined") == []
