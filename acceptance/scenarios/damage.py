"""Damage is found, named, told from what could not be looked at, and healed by an upload."""

import glob
import os
import xml.etree.ElementTree

from laboratory import FIXTURES, Skipped


def blob_of(lab, feed, digest):
    hexadecimal = digest.split(":")[1]
    return os.path.join(lab.root, "feeds", feed, "blobs", "sha256", hexadecimal[:2], hexadecimal)


def flip_one_byte(path):
    with open(path, "r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]))


def four_damages(lab):
    """a flipped byte, a truncated blob, a missing blob and a garbled record are found, and nothing else"""
    lab.make_root("npm")
    lab.tool("import", "npm", os.path.join(FIXTURES, "npm")).expect(0)
    packages = [p for p in lab.tool("ls", "npm").expect(0).of("package") if p["path"].endswith(".tgz")]
    flipped, truncated, missing, garbled = lab.random.sample(packages, 4)
    flip_one_byte(blob_of(lab, "npm", flipped["digest"]))
    os.truncate(blob_of(lab, "npm", truncated["digest"]), 100)
    os.remove(blob_of(lab, "npm", missing["digest"]))
    record = next(path for path in glob.iglob(os.path.join(lab.root, "feeds/npm/packages/**/*.json"), recursive=True)
                  if f'"path":"{garbled["path"]}"' in open(path).read().replace(" ", ""))
    with open(record, "r+") as file:
        file.write("{{{{")
    junit, html = lab.path("report.xml"), lab.path("report.html")
    result = lab.tool("check", "--content", "all", "--junit", junit, "--html", html).expect(1)
    found = {(f["kind"], tuple(f["packages"] or ())) for f in result.of("finding") if f["severity"] == "error"}
    wanted = {
        ("corrupt-blob", (flipped["path"],)), ("size-mismatch", (truncated["path"],)),
        ("missing-blob", (missing["path"],)), ("bad-record", (garbled["path"],)),
    }
    assert found == wanted, f"found {found}\nnot {wanted}\n{result}"
    overall = [s for s in result.of("summary") if not s.get("feed")]
    assert len(overall) == 1 and overall[0]["errors"] == 4 and overall[0]["complete"] is True, overall
    reports_name(junit, html, [flipped, truncated, missing, garbled])
    reading_refuses(lab, [flipped, truncated, missing, garbled])


def reports_name(junit, html, packages):
    cases = xml.etree.ElementTree.parse(junit).getroot()
    failures = [case for case in cases.iter("testcase") if case.find("failure") is not None]
    text = "".join(xml.etree.ElementTree.tostring(case, encoding="unicode") for case in failures)
    with open(html) as file:
        page = file.read()
    for package in packages:
        assert package["path"] in text, f"JUnit does not name {package['path']}"
        assert package["path"] in page, f"HTML does not name {package['path']}"
    assert "http://" not in page.replace("http://www.w3.org/", "") and "https://" not in page, "HTML loads something"


def reading_refuses(lab, packages):
    for package in packages:
        target = lab.path("pulled")
        lab.tool("pull", "npm", package["path"], "-o", target).expect(2)
        assert not os.path.exists(target), f"pull of {package['path']} left something behind"


def healing(lab):
    """publishing the same content again heals a blob that is missing or cut short"""
    lab.make_root("f")
    file = lab.write("thing.bin", os.urandom(5000))
    for damage in (os.remove, lambda path: os.truncate(path, 10)):
        digest = lab.tool("push", "f", file).expect(0).one("published")["digest"]
        damage(blob_of(lab, "f", digest))
        lab.tool("check").expect(1)
        assert lab.tool("push", "f", file).expect(0).one("published")["outcome"] == "healed"
        lab.tool("check", "--content", "all").expect(0)


def unreadable_root(lab):
    """a check that cannot look everywhere exits 2 and says complete:false"""
    lab.make_root("npm")
    lab.tool("import", "npm", os.path.join(FIXTURES, "npm")).expect(0)
    os.chmod(os.path.join(lab.root, "feeds/npm/packages"), 0)
    options = {}
    if os.geteuid() == 0:
        options = {"user": 65534, "group": 65534, "extra_groups": []}
    elif os.access(os.path.join(lab.root, "feeds/npm/packages"), os.R_OK):
        raise Skipped("this account reads everything, whatever the modes say")
    result = lab.tool("check", "--content", "all", **options).expect(2)
    overall = [s for s in result.of("summary") if not s.get("feed")]
    assert len(overall) == 1 and overall[0]["complete"] is False, result
    assert not [f for f in result.of("finding") if f["kind"] in ("missing-blob", "orphan-blob")], result
