"""Adopting package files, and getting the same back."""

import hashlib
import json
import os
import re

from laboratory import FIXTURES, tree


def sums_of_indexes():
    """What the packages' own indexes say: (feed, path) to (function, hex)."""
    sums = {}
    with open(os.path.join(FIXTURES, "debian/dists/stable/main/binary-all/Packages")) as file:
        for path, digest in re.findall(r"^Filename: (.*)\nSize: .*\nSHA256: (.*)$", file.read(), re.MULTILINE):
            sums["debian", path] = digest
    with open(os.path.join(FIXTURES, "pypi/acorn-tools/index.html")) as file:
        for name, digest in re.findall(r'href="([^"#]*)#sha256=([0-9a-f]*)"', file.read()):
            sums["pypi", f"acorn-tools/{name}"] = digest
    return sums


def adopted_packages(lab):
    """import adopts every fixture, ls gives the SHA-256 of each package's own index, export gives the same tree"""
    feeds = sorted(os.listdir(FIXTURES))
    lab.make_root(*feeds)
    listed = {}
    for feed in feeds:
        source = tree(os.path.join(FIXTURES, feed))
        summary = lab.tool("import", feed, os.path.join(FIXTURES, feed)).expect(0).one("summary")
        assert (summary["imported"], summary["failed"]) == (len(source), 0), summary
        again = lab.tool("import", feed, os.path.join(FIXTURES, feed)).expect(0).one("summary")
        assert (again["imported"], again["unchanged"]) == (0, len(source)), again
        packages = lab.tool("ls", feed).expect(0).of("package")
        assert {p["path"].encode() for p in packages} == set(source)
        for package in packages:
            content = source[package["path"].encode()]
            assert package["digest"] == "sha256:" + hashlib.sha256(content).hexdigest(), package
            assert package["size"] == len(content), package
            listed[feed, package["path"]] = package["digest"]
        lab.tool("export", feed, lab.path("out", feed)).expect(0)
        assert tree(lab.path("out", feed)) == source, f"export of {feed} differs"
    sums = sums_of_indexes()
    assert len(sums) >= 6
    for package, digest in sums.items():
        assert listed[package] == "sha256:" + digest, package
    lab.tool("check", "--content", "all").expect(0)


def awkward_sources(lab):
    """import names what it cannot take (no UTF-8, too long, a pipe, a link) and takes everything else"""
    source = lab.path("source")
    lab.write("source/good/a.txt", "a")
    lab.write("source/good/b.txt", "b")
    lab.write("source/" + "x" * 201, "too long")
    with open(os.path.join(os.fsencode(source), b"latin-1 \xe9"), "wb") as file:
        file.write(b"no UTF-8")
    os.mkfifo(os.path.join(source, "pipe"))
    os.symlink("good/a.txt", os.path.join(source, "link"))
    lab.make_root("f")
    result = lab.tool("import", "f", source).expect(1)
    summary = result.one("summary")
    assert summary["imported"] == 2 and summary["failed"] >= 2, summary
    told = result.out + result.err
    for name in ("latin-1", "x" * 60, "pipe"):
        assert name in told, f"nothing is said of {name}\n{result}"
    paths = [p["path"] for p in lab.tool("ls", "f").expect(0).of("package")]
    assert paths == ["good/a.txt", "good/b.txt"], paths
    lab.tool("check", "--content", "all").expect(0)
    assert json.loads(lab.tool("stat", "f", "good/a.txt").expect(0).out)["size"] == 1
