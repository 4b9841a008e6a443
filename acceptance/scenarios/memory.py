"""Memory does not grow with the number of packages."""

import os

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
