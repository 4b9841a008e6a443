"""The one command of the README."""

import os
import re
import subprocess

from laboratory import REPOSITORY, tree

QUICKSTART = os.path.join(REPOSITORY, "scripts", "quickstart")


def run(lab, *arguments):
    env = {**os.environ, "TMPDIR": lab.directory}
    done = subprocess.run(
        [QUICKSTART, *arguments], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, timeout=1800)
    return done.returncode, done.stdout, done.stderr


def quickstart_again(lab):
    """quickstart adopts, publishes, reads and checks the fixtures; run again it starts afresh, or goes on"""
    code, out, err = run(lab)
    assert code == 0, out + err
    count = len(tree(os.path.join(REPOSITORY, "fixtures/packages")))
    assert f"Done: {count} packages adopted" in out, out
    for feed in ("debian", "generic", "maven", "npm", "nuget", "pypi"):
        assert re.search(rf"^ +{feed} +\d+ ", out, re.MULTILINE), f"nothing is said of {feed}\n{out}"
    assert "0 errors" in out and "complete" in out, out
    assert run(lab)[0] == 0
    place = lab.path("my root")
    assert run(lab, "--root", place)[0] == 0
    code, out, err = run(lab, "--root", place)
    assert code == 0 and "were there already" in out, out + err


def quickstart_on_any_tree(lab):
    """quickstart takes a tree without folders, with odd names, and says clearly what an empty one is"""
    lab.write("flat/one file.txt", "1")
    lab.write("flat/zwei \u00e4.txt", "2")
    code, out, err = run(lab, lab.path("flat"))
    assert code == 0 and re.search(r"^ +generic +2 ", out, re.MULTILINE), out + err
    for name in ("odd/\u8449/a", "odd/My Packages/b", "odd/my packages/c", "odd/con/d", "odd/.hidden/e", "odd/-x/-f",
                 "odd/generic/g", "odd/loose", "odd/deep/er/and/deeper/h"):
        lab.write(name, name)
    code, out, err = run(lab, lab.path("odd"))
    assert code == 0 and "Done: 9 packages adopted" in out, out + err
    lab.write("mixed/bad/" + "n" * 220, "too long a name")
    lab.write("mixed/good/a", "1")
    code, out, err = run(lab, lab.path("mixed"))
    assert code == 1 and "1 file could not be taken" in out and "Done: 1 packages adopted" in out, out + err
    os.makedirs(lab.path("empty/folder"))
    for place in ("empty", "missing", "flat/one file.txt"):
        code, out, err = run(lab, lab.path(place))
        assert code == 2 and err.startswith("error: ") and err.count("\n") == 1 and out == "", out + err
