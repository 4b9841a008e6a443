"""A feed as people have them: archives, content that is shared, a history, deletions, and something large."""

import io
import tarfile
import zipfile

from laboratory import FIXTURES

MEBIBYTE = 1 << 20


def make_feed(lab, feed, small, large_bytes):
    """Makes a mutable feed of the fixtures, as many small archives, and one large file whose name is among them."""
    lab.make_root(feed, options=["--mutable"])
    lab.tool("import", feed, FIXTURES).expect(0)
    lab.tool("import", feed, archives(lab, small)).expect(0)
    lab.tool("push", feed, lab.write("large", lab.random.randbytes(large_bytes)), "--as", "made/m/large.bin").expect(0)
    give_history(lab, feed)


def archives(lab, count):
    """A folder of small packages; each fourth has the content of the one before it."""
    content = b""
    for number in range(count):
        if number % 4 != 3:
            content = (tarball, wheel)[number % 2](lab, f"package {number}\n".encode())
        suffix = (".tgz", ".whl")[number % 2]
        lab.write(f"archives/made/{'az'[number % 2]}/package-{number:03}{suffix}", content)
    return lab.path("archives")


def tarball(lab, readme):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in members(lab, readme):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def wheel(lab, readme):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members(lab, readme):
            archive.writestr(name, content)
    return file.getvalue()


def members(lab, readme):
    return [("package/README", readme), ("package/data", lab.random.randbytes(lab.random.randrange(1, 40_000)))]


def give_history(lab, feed):
    """Replaces some packages, deletes some, and restores one of those."""
    paths = [p["path"] for p in lab.tool("ls", feed, "made/a/").expect(0).of("package")]
    for number, path in enumerate(paths[:6]):
        for revision in range(number % 3 + 1):
            file = lab.write("in/newer", f"{path}, revision {revision}\n" * 100)
            lab.tool("push", feed, file, "--as", path).expect(0)
    lab.tool("rm", feed, *paths[4:10]).expect(0)
    lab.tool("restore", feed, paths[9]).expect(0)


def described(lab, feed):
    """All that a feed says of its packages, the deleted ones and their history too."""
    listed = lab.tool("ls", feed, "--deleted").expect(0).of("package")
    histories = {p["path"]: lab.tool("log", feed, p["path"]).expect(0).of("revision")
                 for p in listed if p["path"].startswith("made/a/")}
    assert max(map(len, histories.values())) >= 3 and any(p.get("deleted") for p in listed)
    return listed, histories


def exported(lab, feed, name):
    """The folder of an export."""
    lab.tool("export", feed, lab.path("exported", name)).expect(0)
    return lab.path("exported", name)
