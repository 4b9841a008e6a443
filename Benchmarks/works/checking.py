"""Reading what is there."""

from race import Race

from .peers import RCLONE, shell


def check_content(bench):
    """every byte is read, hashed and compared, with the files in memory already"""
    count = bench.size(1024, 256)
    source = bench.files("medium", count, 4 << 20)
    copy = bench.path("copy")
    bench.make_feed()
    bench.ours("import", "f", source)
    blobs = bench.path("root", "feeds", "f", "blobs")
    bench.measure(["cp", "-a", source, copy])

    def warm():
        for place in (blobs, source, copy):
            bench.measure(shell("find {} -type f -exec cat {{}} +", place))

    race = Race(bench, f"check of {count * 4} MiB in {count} files, every byte, warm")
    race.add("blobtool check --content all", [bench.blobtool, "check", "--content", "all"], warm)
    for name in ("sha256sum", "openssl dgst -sha256"):
        race.add(f"{name}, on all cores",
                 shell("find {} -type f -print0 | xargs -0 -n 16 -P $(nproc) " + name, blobs), warm)
    race.add("rclone check --download", [*RCLONE, "check", "--download", source, copy], warm, needs="rclone")
    results = race.run()
    bench.fresh(copy)
    return results


def list_packages(bench):
    """very many small packages are listed and checked"""
    count = bench.size(100_000, 10_000)
    bench.make_feed()
    bench.ours("import", "f", bench.files("tiny", count, 100))
    records = bench.path("root", "feeds", "f", "packages")
    results = []
    for command, peer in (
        (["ls", "f", "--names"], ("find", shell("find {} -name '*.json'", records))),
        (["ls", "f"], ("find -exec cat", shell("find {} -name '*.json' -exec cat {{}} +", records))),
        (["check"], ("find -exec cat", shell("find {} -type f -exec cat {{}} +", records))),
    ):
        name = "blobtool " + " ".join(command)
        race = Race(bench, f"{name}: {count} packages")
        race.add(name, [bench.blobtool, *command])
        race.add(*peer)
        results += race.run()
    return results
