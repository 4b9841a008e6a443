"""An import that is killed at any moment."""

import os
import signal
import time

from laboratory import tree


def source_tree(lab, count):
    for number in range(count):
        lab.write(f"source/{number % 20}/package-{number}.bin", lab.random.randbytes(lab.random.randrange(1, 30000)))
    return lab.path("source")


def killed_imports(lab):
    """kill -9 of an import at random moments: check never reports an error, and the import completes"""
    kills, count = (200, 2000) if lab.is_long else (15, 300)
    source = source_tree(lab, count)
    lab.make_root("f")
    started = time.monotonic()
    lab.tool("import", "f", source, "--dry-run").expect(0)
    span = max(0.2, (time.monotonic() - started) * 4)
    killed = 0
    for round_number in range(kills):
        if round_number % 10 == 9:  # else everything is there already, and nothing is left to kill
            lab.tool("rm", "f", *[p["path"] for p in lab.tool("ls", "f").of("package")[:50]]).expect(0)
            source = grown(lab, round_number)
        process = lab.start("import", "f", source)
        time.sleep(lab.random.random() * span)  # the moment of the kill, not a wait for something
        process.send_signal(signal.SIGKILL)
        killed += lab.finish(process).code == -signal.SIGKILL
        result = lab.tool("check", "--content", "all" if round_number % 5 == 0 else "none")
        assert result.code == 0 and not [f for f in result.of("finding") if f["severity"] == "error"], result
    assert killed > kills // 4, f"only {killed} of {kills} kills met a running import"
    summary = lab.tool("import", "f", source).expect(0).one("summary")
    assert summary["failed"] == 0, summary
    lab.tool("check", "--content", "all").expect(0)
    lab.tool("export", "f", lab.path("out")).expect(0)
    assert tree(lab.path("out")) == tree(source)


def grown(lab, round_number):
    for number in range(100):
        lab.write(f"source/round-{round_number}/{number}.bin", lab.random.randbytes(2000))
    return os.path.join(lab.directory, "source")
