#!/usr/bin/env python3
"""Copies a tree as a careful program does that does nothing at once: each file is written to a temporary, flushed,
renamed, and its folder flushed.

    one_by_one.py FROM TO
"""

import os
import sys


def copy(source, target):
    temporary = target + ".partial"
    with open(source, "rb") as file, open(temporary, "wb") as out:
        out.write(file.read())
        out.flush()
        os.fsync(out.fileno())
    os.rename(temporary, target)
    folder = os.open(os.path.dirname(target), os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(folder)
    os.close(folder)


def main():
    top, to = sys.argv[1:]
    for parent, _, names in os.walk(top):
        place = os.path.join(to, os.path.relpath(parent, top))
        os.makedirs(place, exist_ok=True)
        for name in names:
            copy(os.path.join(parent, name), os.path.join(place, name))


main()
