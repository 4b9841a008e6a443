"""Many processes publish to one path at once."""

WRITERS = 32


def outcomes(lab, files):
    lab.make_root("f")
    processes = [lab.start("push", "f", file, "--as", "one/path.bin") for file in files]
    results = [lab.finish(process) for process in processes]
    counted = {}
    for result in results:
        if result.code == 0:
            outcome = result.one("published")["outcome"]
        else:
            assert result.code == 2, result
            outcome = result.one("error")["code"]
        counted[outcome] = counted.get(outcome, 0) + 1
    lab.tool("check", "--content", "all").expect(0)
    return counted


def different_content(lab):
    """32 processes push different content to one path: one creates it, 31 get a conflict"""
    files = [lab.write(f"in/{n}", f"content of writer {n}\n" * 1000) for n in range(WRITERS)]
    counted = outcomes(lab, files)
    assert counted == {"created": 1, "alreadyExists": WRITERS - 1}, counted


def same_content(lab):
    """32 processes push the same content to one path: one creates it, for 31 it is unchanged"""
    counted = outcomes(lab, [lab.write("in/same", "the same content\n" * 1000)] * WRITERS)
    assert counted == {"created": 1, "unchanged": WRITERS - 1}, counted
