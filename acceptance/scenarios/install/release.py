"""The files of a release."""

import atexit
import functools
import glob
import hashlib
import json
import os
import shutil
import subprocess
import tempfile

from laboratory import BLOBTOOL, REPOSITORY, Skipped, tree


def make_release(folder, **environment):
    """The files of a release, of the programs that are built already."""
    for program in ("dpkg-deb", "dpkg-shlibdeps", "strip"):
        if not shutil.which(program):
            raise Skipped(f"there is no {program} here")
    binaries = os.path.dirname(os.path.realpath(BLOBTOOL))
    made = subprocess.run([os.path.join(REPOSITORY, "scripts", "release"), "--to", folder], capture_output=True,
                          text=True, env={**os.environ, "BINARIES": binaries, **environment})
    assert made.returncode == 0, made.stderr


@functools.cache
def release():
    """The folder with a release, which all scenarios share; it is gone when they have ended."""
    place = tempfile.TemporaryDirectory(prefix="blobstore-release-")
    atexit.register(place.cleanup)
    make_release(place.name)
    return place.name


def released_files(lab):
    """a release has its sums and parts, is the same bytes when it is made again, and unpacks to what make installs"""
    folder, again = release(), lab.path("again")
    make_release(again, TZ="Asia/Tokyo", LC_ALL="C.UTF-8", TMPDIR=lab.directory)
    assert tree(folder) == tree(again), "the second release differs"
    sums_are_true(folder)
    bill_is_whole(folder)
    unpack_and_compare(lab, folder)


def sums_are_true(folder):
    with open(os.path.join(folder, "SHA256SUMS")) as file:
        sums = dict(reversed(line.split()) for line in file)
    names = {os.path.basename(path) for path in glob.glob(os.path.join(glob.escape(folder), "*"))}
    assert set(sums) == names - {"SHA256SUMS"} and len(sums) == 3, names
    for name, digest in sums.items():
        with open(os.path.join(folder, name), "rb") as file:
            assert hashlib.sha256(file.read()).hexdigest() == digest, name


def bill_is_whole(folder):
    path, = glob.glob(os.path.join(glob.escape(folder), "*.spdx.json"))
    with open(path) as file:
        bill = json.load(file)
    packages = {package["name"]: package for package in bill["packages"]}
    assert len(packages) == len(bill["packages"]) and bill["spdxVersion"] == "SPDX-2.3"
    with open(os.path.join(REPOSITORY, "Package.resolved")) as file:
        for pin in json.load(file)["pins"]:
            package = packages[pin["identity"]]
            assert package["versionInfo"] == pin["state"]["version"], package
            assert pin["state"]["revision"] in package["downloadLocation"], package
            assert package["licenseDeclared"] != "NOASSERTION", package
    linked = " ".join(package.get("comment", "") for package in packages.values())
    for library in ("libcurl.so", "libxml2.so", "libcrypto.so", "libc.so"):
        assert library in linked, f"{library} is not in {linked}"
    known = {package["SPDXID"] for package in bill["packages"]} | {file["SPDXID"] for file in bill["files"]}
    for relation in bill["relationships"]:
        assert relation["relatedSpdxElement"] in known, relation


def unpack_and_compare(lab, folder):
    """The archive's content is what make install puts below its prefix; make uninstall takes all of it away."""
    archive, = glob.glob(os.path.join(glob.escape(folder), "*.tar.gz"))
    unpacked, made = lab.path("unpacked"), lab.path("made")
    os.mkdir(unpacked)
    subprocess.run(["tar", "-xzf", archive, "-C", unpacked, "--strip-components=1"], check=True)
    binaries = os.path.join(unpacked, "bin")
    make(made, "install", binaries)
    there, here = tree(unpacked), tree(os.path.join(made, "opt", "blobstore"))
    assert there == here, set(there) ^ set(here)
    for part in (b"bin/blobtool", b"share/man/man1/blobtool.1", b"share/man/man8/blobnode.8",
                 b"share/bash-completion/completions/blobnode", b"share/zsh/site-functions/_blobtool",
                 b"share/fish/vendor_completions.d/blobtool.fish", b"lib/systemd/system/blobstore-check.timer",
                 b"share/doc/blobstore/LICENSE"):
        assert there[part], part
    make(made, "uninstall", binaries)
    assert tree(made) == {}


def make(destination, target, binaries):
    subprocess.run(["make", "-s", "-C", REPOSITORY, target, f"DESTDIR={destination}", "PREFIX=/opt/blobstore",
                    f"binaries={binaries}"], check=True, stdout=subprocess.DEVNULL)
