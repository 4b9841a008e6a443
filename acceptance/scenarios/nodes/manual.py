"""docs/cluster.md, run as it stands there."""

import os
import re
import shutil
import subprocess

from laboratory import REPOSITORY, Skipped

from .crew import BLOBNODE

# What names machines that nobody has here.
ELSEWHERE = ("example.net", "sbatch", "kubectl")


def the_cluster_page(lab):
    """the commands of docs/cluster.md, run one after the other as they stand there, give three nodes behind HAProxy,
    which serve on when one dies, take it back, let one be removed, and do the jobs that are asked of them"""
    for program in ("haproxy", "unshare", "ip", "curl"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            raise Skipped(f"{program} is not installed; scripts/setup installs it")
    blocks = [block for block in commands("docs/cluster.md") if not any(word in block for word in ELSEWHERE)]
    assert len(blocks) >= 10, f"the page has {len(blocks)} blocks of commands"
    out = in_namespaces(lab, blocks)
    assert re.search(r"^x-node: node-[123]", out, re.MULTILINE | re.IGNORECASE), f"no node answered\n{out}"
    served = out.split("kill -9 %1")[1].split("blobtool cluster status")[0]
    assert re.search(r"^x-node: node-[23]", served, re.MULTILINE | re.IGNORECASE), f"nobody went on\n{served}"
    assert "node-3" not in out.split("blobtool cluster remove node-3")[1].split("blobtool cluster jobs")[1], out
    assert lab.tool("check", "npm", "--content", "all", root=lab.path("mnt/nas/packages")).expect(0)


def commands(page):
    """The indented blocks of a page, without what stands around them."""
    with open(os.path.join(REPOSITORY, page)) as file:
        blocks = re.split(r"\n(?! {4,}|\n)", file.read())
    found = ["\n".join(re.findall(r"^ {4,}(\S.*|\s+\S.*)$", block, re.MULTILINE)) for block in blocks]
    return [block for block in found if re.search(r"\b(blobtool|blobnode|curl|haproxy|kubectl|sbatch)\b", block)]


def in_namespaces(lab, blocks):
    """Runs the blocks in one shell, with a /mnt and ports of its own; returns what it printed."""
    os.makedirs(lab.path("mnt/nas/packages"))
    os.makedirs(lab.path("bin"))
    os.symlink(os.path.join(REPOSITORY, "deploy"), lab.path("deploy"))
    lab.write("left-pad-1.3.0.tgz", lab.random.randbytes(9_000))
    os.symlink(lab.executable, lab.path("bin/blobtool"))
    os.symlink(BLOBNODE, lab.path("bin/blobnode"))
    # A job has a number that the page cannot know.
    text = "\n".join(blocks).replace("check-npm-12", '"$(blobtool cluster jobs | grep -o -m 1 "check-npm-[0-9]*")"')
    script = lab.write("page.sh", PREAMBLE + text + "\n")
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    done = subprocess.run(
        ["unshare", *user, "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
         "bash", "-ev", script],
        cwd=lab.directory, env={**lab.environment(), "MNT": lab.path("mnt")}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout[-4000:]}"
    return done.stdout


PREAMBLE = """ip link set lo up
mount --bind "$MNT" /mnt
export PATH="$PWD/bin:$PATH:/usr/sbin:/sbin"
unset BLOBSTORE_ROOT
"""
