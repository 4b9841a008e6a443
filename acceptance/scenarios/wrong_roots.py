"""The place is not the root it should be: refused, and nothing is written there."""

import os

from laboratory import FIXTURES

REFUSALS = ("wrongRoot", "notFound")


def commands(lab):
    file = lab.write("in/file.txt", "text")
    return [
        ["push", "f", file], ["pull", "f", "file.txt", "-o", lab.path("pulled")], ["ls", "f"],
        ["stat", "f", "file.txt"], ["rm", "f", "file.txt"], ["restore", "f", "file.txt"], ["log", "f", "file.txt"],
        ["promote", "f", "file.txt", "g"],
        ["import", "f", FIXTURES], ["export", "f", lab.path("out")], ["compare", "f", "g"],
        ["check"], ["check", "f", "--content", "all"],
        ["feed", "create", "h"], ["feed", "list"], ["feed", "show", "f"], ["feed", "set", "f", "--mutable"],
        ["feed", "delete", "f"], ["explain", "f"],
    ]


def moved_root(lab):
    """with the root moved away and an empty directory in its place every command refuses and writes nothing"""
    lab.make_root("f", "g")
    lab.tool("push", "f", lab.write("in/file.txt", "text")).expect(0)
    os.rename(lab.root, lab.path("moved"))
    os.mkdir(lab.root)
    for command in commands(lab):
        result = lab.tool(*command).expect(2)
        errors = [line["code"] for line in result.of("error")]
        findings = [f["kind"] for f in result.of("finding")]
        assert "wrongRoot" in errors or "wrong-root" in findings, f"neither wrongRoot nor wrong-root\n{result}"
        assert os.listdir(lab.root) == [], f"written into the empty directory\n{result}"
    os.rmdir(lab.root)
    os.rename(lab.path("moved"), lab.root)
    lab.tool("check", "--content", "all").expect(0)


def places_that_are_no_root(lab):
    """a missing place, a file, another kind of root and a foreign directory are each refused in a sentence"""
    lab.make_root("f")
    other = lab.path("other")
    lab.tool("init", other).expect(0)
    foreign = lab.path("foreign")
    lab.write("foreign/something.txt", "not ours")
    a_file = lab.write("a-file", "x")
    for place in (lab.path("missing"), foreign, a_file, os.path.join(lab.root, "feeds", "f")):
        result = lab.tool("ls", "f", root=place).expect(2)
        assert result.one("error")["code"] in ("wrongRoot", "notFound", "invalidArgument", "unsupported"), result
    lab.tool("ls", "f", "--root-id", "00000000-0000-4000-8000-000000000000").expect(2)
    lab.tool("init", foreign).expect(2)
    assert os.listdir(foreign) == ["something.txt"]
    lab.tool("init", lab.root).expect(0)  # it is one already, and stays as it is
    lab.tool("ls", "f").expect(0)
    assert not os.path.exists(lab.path("missing"))
