"""Between a disk and buckets of real servers on this machine, which use its processors too."""

from race import Race

from .peers import RCLONE, Remote


def loads(bench):
    """What is carried: many small files, few large ones."""
    small, large = bench.size(10_000, 1_000), bench.size(512, 128)
    yield f"{small} files of 16 KiB", bench.files("carried-small", small, 16_384)
    yield f"4 files of {large} MiB", bench.files("carried-large", 4, large << 20)


def upload(bench):
    """small and large files go to a bucket: ours with a record each"""
    results = []
    for server in bench.servers():
        for title, source in loads(bench):
            ours, theirs = Remote(bench, server, "bench-ours"), Remote(bench, server, "bench-theirs")
            race = Race(bench, f"{title} to {server.name}")
            race.add("blobtool import", [bench.blobtool, "import", "f", source], lambda: feed_in(bench, ours),
                     more=ours.environment)
            theirs.transfers(race, source, theirs, theirs.clear)
            results += race.run()
            ours.clear()
            theirs.clear()
            bench.compact(server)
    return results


def feed_in(bench, remote):
    remote.clear()
    bench.make_feed(url=remote.url)


def download(bench):
    """small and large files come from a bucket: ours verified"""
    results = []
    for server in bench.servers():
        for title, source in loads(bench):
            ours, theirs = Remote(bench, server, "bench-ours"), Remote(bench, server, "bench-theirs")
            feed_in(bench, ours)
            bench.ours("import", "f", source)
            bench.measure([*RCLONE, "copy", source, theirs.rclone], theirs.environment)
            target = bench.path("target")
            race = Race(bench, f"{title} from {server.name}")
            race.add("blobtool export", [bench.blobtool, "export", "f", target], lambda: bench.fresh(target))
            theirs.transfers(race, theirs, target, lambda: bench.fresh(target))
            results += race.run()
            ours.clear()
            theirs.clear()
            bench.compact(server)
    return results


def migrate(bench):
    """a feed moves from disk to a bucket, from bucket to bucket, and back to disk"""
    ceph, seaweed = bench.servers()
    small, large = bench.size(10_000, 1_000), bench.size(512, 64)
    source = bench.path("mixed")
    bench.measure(["mkdir", "-p", source])
    for name, count, size in (("many", small, 16_384), ("few", 4, large << 20)):
        bench.measure(["cp", "-al", bench.files(f"mixed-{name}", count, size), f"{source}/{name}"])
    title = f"{small} files of 16 KiB and 4 of {large} MiB"
    template, disk = bench.path("template"), bench.path("disk")
    bench.fresh(template)
    bench.make_feed(url=disk + "/a")
    bench.ours("import", "f", source)
    bench.measure(["cp", "-a", bench.root, template])
    stops = [disk + "/a", Remote(bench, ceph, "bench-moved"), Remote(bench, seaweed, "bench-moved"), disk + "/b"]
    copies = [source, Remote(bench, ceph, "bench-copied"), Remote(bench, seaweed, "bench-copied"), bench.path("copied")]
    results = []
    for number, name in enumerate(("disk to ceph", "ceph to seaweed", "seaweed to disk")):
        results += step(bench, f"{title}, {name}", template, stops[number:number + 2], copies[number:number + 2])
    return results


def step(bench, title, template, stops, copies):
    """One step of the journey; what the last round carried is what the next step begins with."""
    def clear(place):
        if isinstance(place, Remote):
            place.clear()
        else:
            bench.fresh(place)

    def again():
        clear(stops[1])
        bench.fresh(bench.root)
        bench.measure(["cp", "-a", template, bench.root])

    for place in stops + copies:
        if isinstance(place, Remote):
            bench.compact(place.server)
    race = Race(bench, title)
    url = stops[1].url if isinstance(stops[1], Remote) else stops[1]
    race.add("blobtool migrate", [bench.blobtool, "migrate", "f", "--to", url], again)
    remotes = [place for place in copies if isinstance(place, Remote)]
    if len(remotes) == 1:
        remotes[0].transfers(race, *copies, lambda: clear(copies[1]))
    else:
        both = {k: v for remote in remotes for k, v in remote.environment.items()}
        race.add("rclone copy", [*RCLONE, "copy", copies[0].rclone, copies[1].rclone], lambda: clear(copies[1]),
                 needs="rclone", more=both)
    results = race.run()
    again()
    bench.ours("migrate", "f", "--to", url)
    bench.fresh(template)
    bench.measure(["cp", "-a", bench.root, template])
    return results
