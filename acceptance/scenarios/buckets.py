"""Roots in buckets of real S3 servers."""

import hashlib
import io
import json
import os
import tarfile
import zipfile

from laboratory import FIXTURES, tree
from servers import fresh_prefix, servers

WRITERS = 32
MADE = 40  # with the fixtures more than a hundred packages


def in_bucket(lab, server):
    """Makes the laboratory's root a new one in the server's bucket; returns its prefix there."""
    prefix = fresh_prefix()
    lab.root = server.url(prefix)
    return prefix


def make_packages(lab):
    """Some npm packages and Python wheels, each another; returns the folder that holds them."""
    for number in range(MADE // 2):
        name, version = f"made-{number}", f"{number % 3}.{number}.0"
        manifest = json.dumps({"name": name, "version": version, "main": "index.js"}).encode()
        tarball = io.BytesIO()
        with tarfile.open(fileobj=tarball, mode="w:gz") as archive:
            for path, content in (("package/package.json", manifest), ("package/index.js", lab.random.randbytes(200))):
                entry = tarfile.TarInfo(path)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        lab.write(f"made/npm/{name}/-/{name}-{version}.tgz", tarball.getvalue())
        wheel = io.BytesIO()
        info = f"made_{number}-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"made_{number}/__init__.py", f"NUMBER = {lab.random.random()}\n")
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: made_{number}\nVersion: {version}\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")
        lab.write(f"made/pypi/made_{number}-{version}-py3-none-any.whl", wheel.getvalue())
    return lab.path("made")


def packages_in_buckets(lab):
    """in a bucket of Ceph and of SeaweedFS: import, ls, stat, pull, rm, restore, log, export and check of more than a
    hundred packages, among them every fixture"""
    folders = {feed: os.path.join(FIXTURES, feed) for feed in sorted(os.listdir(FIXTURES))}
    folders["made"] = make_packages(lab)
    for server in servers("ceph", "seaweed"):
        in_bucket(lab, server)
        lab.make_root(*folders)
        count = 0
        for feed, folder in folders.items():
            source = tree(folder)
            count += len(source)
            summary = lab.tool("import", feed, folder).expect(0).one("summary")
            assert (summary["imported"], summary["failed"]) == (len(source), 0), summary
            again = lab.tool("import", feed, folder).expect(0).one("summary")
            assert (again["imported"], again["unchanged"]) == (0, len(source)), again
            packages = lab.tool("ls", feed).expect(0).of("package")
            assert {p["path"].encode() for p in packages} == set(source)
            for package in packages:
                content = source[package["path"].encode()]
                assert package["digest"] == "sha256:" + hashlib.sha256(content).hexdigest(), package
            out = lab.path("out", server.name, feed)
            lab.tool("export", feed, out).expect(0)
            assert tree(out) == source, f"export of {feed} differs"
            one_package(lab, feed, packages[len(packages) // 2], source)
        assert count >= 100, count
        summary = lab.tool("check", "--content", "all").expect(0).of("summary")[-1]
        assert summary["complete"] and summary["packages"] == count and summary["errors"] == 0, summary
        lab.tool("gc").expect(0)


def one_package(lab, feed, package, source):
    path = package["path"]
    file = lab.path("pulled")
    lab.tool("pull", feed, path, "-o", file).expect(0)
    with open(file, "rb") as pulled:
        assert pulled.read() == source[path.encode()], path
    os.remove(file)
    lab.tool("rm", feed, path).expect(0)
    lab.tool("stat", feed, path).expect(2)
    lab.tool("restore", feed, path).expect(0)
    assert lab.tool("stat", feed, path).expect(0).one("package")["digest"] == package["digest"]
    assert len(lab.tool("log", feed, path).expect(0).of("revision")) >= 2


def one_winner_in_buckets(lab):
    """in a bucket of Ceph and of SeaweedFS, 32 processes push to one path: one creates it, 31 get a conflict"""
    files = [lab.write(f"in/{n}", f"content of writer {n}\n" * 1000) for n in range(WRITERS)]
    for server in servers("ceph", "seaweed"):
        in_bucket(lab, server)
        lab.make_root("f")
        results = [lab.finish(p) for p in [lab.start("push", "f", f, "--as", "one/path.bin") for f in files]]
        winners = [r for r in results if r.code == 0]
        losers = [r for r in results if r.code == 2 and r.one("error")["code"] == "alreadyExists"]
        assert (len(winners), len(losers)) == (1, WRITERS - 1), "\n".join(map(str, results))
        digest = winners[0].one("published")["digest"]
        assert lab.tool("stat", "f", "one/path.bin").expect(0).one("package")["digest"] == digest
        lab.tool("check", "--content", "all").expect(0)


def roots_of_both_kinds(lab):
    """a feed in a bucket under a server root on disk, and the reverse, resolve and work, and explain says so"""
    disk = lab.root
    for server in servers("ceph", "seaweed"):
        for number, (outer, inner) in enumerate([
            (lab.path(server.name, "root"), server.url(fresh_prefix())),
            (server.url(fresh_prefix()), lab.path(server.name, "feed")),
        ]):
            lab.root = outer
            os.makedirs(lab.path(server.name), exist_ok=True)
            lab.tool("init", outer).expect(0)
            lab.tool("feed", "create", "own", "--feed-root", inner).expect(0)
            lab.tool("feed", "create", "shared").expect(0)
            for feed, source in (("own", "feed"), ("shared", "server")):
                lab.tool("import", feed, os.path.join(FIXTURES, "npm")).expect(0)
                found = lab.tool("explain", feed).expect(0).one("explain")
                assert found["source"] == source and found["matches"], found
            own = lab.tool("explain", "own").expect(0).one("explain")
            assert own["root"].startswith("s3://") == (number == 0), own
            lab.tool("check", "--content", "all").expect(0)
            # Between the two kinds, the bytes go through this process.
            path = lab.tool("ls", "own").expect(0).of("package")[0]["path"]
            lab.tool("feed", "create", "third").expect(0)
            lab.tool("promote", "own", path, "third").expect(0)
            assert lab.tool("ls", "third").expect(0).of("package")[0]["path"] == path
    lab.root = disk


def servers_without_conditions(lab):
    """init on JuiceFS' gateway and on rclone is refused by name of the missing guarantee, leaves nothing behind, and
    --single-writer takes it"""
    for server in servers("juicefs", "rclone"):
        prefix = in_bucket(lab, server)
        refused = lab.tool("init", lab.root).expect(2)
        error = refused.one("error")
        assert error["code"] == "unsupported" and "conditional" in error["message"], refused
        assert "--single-writer" in error["message"], refused
        server.boto3("get", prefix + "/", lab.path("left", server.name))
        assert not tree(lab.path("left", server.name)), "something was left behind"
        lab.tool("init", lab.root, "--single-writer").expect(0)


def other_clients(lab):
    """what blobtool wrote to a bucket is the same to boto3 and rclone, and a root that they copied is whole"""
    found = servers("ceph", "seaweed")
    for server, other in zip(found, reversed(found)):
        prefix = in_bucket(lab, server)
        lab.make_root("npm", "pypi")
        for feed in ("npm", "pypi"):
            lab.tool("import", feed, os.path.join(FIXTURES, feed)).expect(0)
        large = lab.write("large.bin", lab.random.randbytes(20 << 20))  # in several parts
        lab.tool("push", "npm", large).expect(0)
        by_boto, by_rclone = lab.path(server.name, "boto3"), lab.path(server.name, "rclone")
        server.boto3("get", prefix + "/", by_boto)
        server.rclone("copy", f"s3:{server.bucket}/{prefix}", by_rclone)
        assert tree(by_boto) == tree(by_rclone)
        blobs = {p.decode(): c for p, c in tree(by_boto).items() if b"/blobs/sha256/" in p}
        assert len(blobs) > 10
        for path, content in blobs.items():
            assert os.path.basename(path) == hashlib.sha256(content).hexdigest(), path
        for number, copy in enumerate((other.boto3, other.rclone)):
            target = fresh_prefix()
            if number == 0:
                copy("put", target + "/", by_boto)
            else:
                copy("copy", by_rclone, f"s3:{other.bucket}/{target}")
            lab.root = other.url(target)
            assert lab.tool("check", "--content", "all").expect(0).of("summary")[-1]["complete"]
            lab.tool("pull", "npm", "large.bin", "-o", lab.path("pulled")).expect(0)
            lab.tool("push", "npm", lab.write("one more", "x")).expect(0)
            os.remove(lab.path("pulled"))


def others_packages(lab):
    """what boto3 and rclone wrote to a bucket, each fetched by the other, is imported and pulled as it was"""
    source = make_packages(lab)
    lab.write("made/generic/large.bin", lab.random.randbytes(20 << 20))  # both send it in several parts
    wanted = tree(source)
    for server in servers("ceph", "seaweed"):
        places = fresh_prefix(), fresh_prefix()
        server.boto3("put", places[0] + "/", source)
        server.rclone("copy", source, f"s3:{server.bucket}/{places[1]}")
        fetched = lab.path(server.name, "by-rclone"), lab.path(server.name, "by-boto3")
        server.rclone("copy", f"s3:{server.bucket}/{places[0]}", fetched[0])
        server.boto3("get", places[1] + "/", fetched[1])
        in_bucket(lab, server)
        lab.make_root("rclone", "boto3")
        for feed, folder in zip(("rclone", "boto3"), fetched):
            assert tree(folder) == wanted, f"{feed} fetched something else"
            summary = lab.tool("import", feed, folder).expect(0).one("summary")
            assert (summary["imported"], summary["failed"]) == (len(wanted), 0), summary
            out = lab.path("out", server.name, feed)
            lab.tool("export", feed, out).expect(0)
            assert tree(out) == wanted, f"export of {feed} differs"
        summary = lab.tool("check", "--content", "all").expect(0).of("summary")[-1]
        assert summary["packages"] == 2 * len(wanted) and summary["errors"] == 0, summary
