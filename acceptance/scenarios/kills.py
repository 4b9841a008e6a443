"""An import that is killed at any moment."""

import signal
import time

from laboratory import tree


def killed_imports(lab):
    """kill -9 of an import at random moments: check never reports an error, and the import completes"""
    kills, count = (200, 500) if lab.is_long else (15, 300)
    source = lab.path("source")
    lab.make_root("f")
    add_files(lab, "first", count)
    started = time.monotonic()
    lab.tool("import", "f", source).expect(0)
    span = time.monotonic() - started  # what an import of `count` files takes on this machine
    killed, is_complete = 0, True
    for round_number in range(kills):
        if is_complete:  # else nothing would be left that a kill could meet
            lab.tool("rm", "f", *[p["path"] for p in lab.tool("ls", "f").of("package")[:50]]).expect(0)
            add_files(lab, f"round-{round_number}", count)
        process = lab.start("import", "f", source)
        time.sleep(lab.random.random() * span)  # the moment of the kill, not a wait for something
        process.send_signal(signal.SIGKILL)
        is_complete = lab.finish(process).code != -signal.SIGKILL
        killed += not is_complete
        result = lab.tool("check", "--content", "all" if round_number % 5 == 0 else "none")
        assert result.code == 0 and not [f for f in result.of("finding") if f["severity"] == "error"], result
    assert killed > kills // 4, f"only {killed} of {kills} kills met a running import"
    summary = lab.tool("import", "f", source).expect(0).one("summary")
    assert summary["failed"] == 0, summary
    lab.tool("check", "--content", "all").expect(0)
    lab.tool("export", "f", lab.path("out")).expect(0)
    assert tree(lab.path("out")) == tree(source)


def add_files(lab, batch, count):
    for number in range(count):
        content = lab.random.randbytes(lab.random.randrange(1, 30000))
        lab.write(f"source/{batch}/{number % 20}/package-{number}.bin", content)
