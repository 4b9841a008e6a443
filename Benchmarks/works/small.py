"""What is short, and what many do at once."""

from race import Race

from .peers import RCLONE, shell


def one_package(bench):
    """one small package is published and fetched: mostly the start of a process"""
    source = bench.files("one", 1, 4096) + "/0000/package-000000.bin"
    target = bench.path("target")
    results = []
    for title, command, before in (
        ("publishing one package of 4 KiB", ["push", "f", source], bench.make_feed),
        ("fetching one package of 4 KiB", ["pull", "f", "package-000000.bin", "-o", target],
         lambda: fetchable(bench, source)),
        ("saying the version", ["--version"], lambda: None),
    ):
        race = Race(bench, title, rounds=bench.rounds * 4)
        race.add("blobtool " + command[0], [bench.blobtool, *command], before)
        if command[0] != "--version":
            race.add("cp; sync", shell("cp {0} {1}; sync {1}; sync $(dirname {1})", source, target),
                     lambda: bench.fresh(target))
        race.add("rclone copyto" if command[0] != "--version" else "rclone version",
                 [*RCLONE, "copyto", source, target] if command[0] != "--version" else ["rclone", "version"],
                 lambda: bench.fresh(target), needs="rclone")
        race.add("python3 -c pass", ["python3", "-c", "pass"])
        results += race.run()
    return results


def fetchable(bench, source):
    bench.fresh(bench.path("target"))
    bench.make_feed()
    bench.ours("push", "f", source)


def many_publishers(bench):
    """16 processes publish at once, to one feed and to one each"""
    source = bench.files("pieces", 1600, 8192)

    def feeds(number):
        bench.make_feed()
        for index in range(number):
            bench.ours("feed", "create", f"f{index}")

    def pushes(feed):
        return shell(
            "for n in $(seq 0 15); do {0} push " + feed + " -r {1}/$(printf %04d $n) --prefix $n -q & done; wait",
            bench.blobtool, source)

    race = Race(bench, "16 processes publish 100 files of 8 KiB each: to one feed, beside one feed for each")
    race.add("one feed", pushes("f"), lambda: feeds(0))
    race.add("16 feeds", pushes("f$n"), lambda: feeds(16))
    return race.run()
