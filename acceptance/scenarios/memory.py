"""Memory does not grow with the number of packages."""

import os

from servers import fresh_prefix, servers

from .outages import make_large, same

LIMIT_BYTES = 128 * 1000 * 1000


def make_files(lab, count, folder_of):
    made = set()
    for number in range(count):
        folder = lab.path("source", folder_of(number))
        if folder not in made:
            os.makedirs(folder)
            made.add(folder)
        with open(os.path.join(folder, f"package-{number:06}.txt"), "w") as file:
            file.write(f"package {number}\n")


def stays_small(lab, count, folder_of):
    make_files(lab, count, folder_of)
    lab.make_root("f")
    peaks = []
    for command in (["import", "f", lab.path("source")], ["import", "f", lab.path("source")], ["ls", "f"],
                    ["ls", "f", "--names"], ["check"], ["check", "--content", "all"]):
        result = lab.measured(*command).expect(0)
        peaks.append(result.peak_bytes)
        assert result.peak_bytes < LIMIT_BYTES, f"{command[0]} of {count}: {result.peak_bytes / 1e6:.0f} MB\n{result}"
    with open(lab.path("measured.out")) as file:
        assert f'"packages":{count}' in file.read().replace(" ", ""), "check did not count every package"
    print(f"         {count} packages: at most {max(peaks) / 1e6:.0f} MB", flush=True)


def many_packages(lab):
    """import, ls and check of very many small packages stay under 128 MB"""
    stays_small(lab, 100_000 if lab.is_long else 3_000, lambda number: f"{number // 1000:03}/{number // 10 % 100:02}")


def crowded_folder(lab):
    """import, ls and check of a folder of very many names stay under 128 MB"""
    stays_small(lab, 300_000 if lab.is_long else 5_000, lambda number: "one")


def many_large_files(lab):
    """many large files come from a bucket at once, to a tree and to a root on disk, in under 128 MB"""
    os.mkdir(lab.path("large"))
    for number in range(16):
        os.rename(make_large(lab, 64 << 20 if lab.is_long else 24 << 20), lab.path("large", f"{number}.bin"))
    for server in servers("ceph", "seaweed"):
        lab.root = lab.path("root of", server.name)
        lab.tool("init", lab.root).expect(0)
        lab.tool("feed", "create", "f", "--feed-root", server.url(fresh_prefix())).expect(0)
        lab.tool("import", "f", lab.path("large")).expect(0)
        out = lab.path("out", server.name)
        for command in (["export", "f", out], ["migrate", "f", "--to", lab.path("moved", server.name)]):
            result = lab.measured(*command).expect(0)
            assert result.peak_bytes < LIMIT_BYTES, f"{command[0]}: {result.peak_bytes / 1e6:.0f} MB\n{result}"
            print(f"         {server.name}: {command[0]} took {result.peak_bytes / 1e6:.0f} MB", flush=True)
        # Not read whole: what this process takes counts as its children's, too.
        for name in os.listdir(lab.path("large")):
            assert same(os.path.join(out, name), lab.path("large", name)), name
        lab.tool("check", "--content", "all").expect(0)
