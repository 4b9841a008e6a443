#!/usr/bin/env python3
"""The escaping rule of docs/layout.md as a second implementation, apart from the store's own.

    docs/escaping.py PATH…     prints each path's key
    docs/escaping.py --check   exit 1 when a vector in escaping-vectors.json is not what this computes
"""

import json
import os
import re
import sys

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "escaping-vectors.json")
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$) *(\.|$)", re.IGNORECASE)
ALWAYS = b'!~%"*:<>?|\\'


class Refused(Exception):
    pass


def percent(byte):
    return "%%%02x" % byte


def escape_segment(text, is_folder):
    raw = text.encode()
    out = []
    for at, byte in enumerate(raw):
        is_edge = at in (0, len(raw) - 1)
        if 0x41 <= byte <= 0x5A:
            out.append("!" + chr(byte + 32))
        elif byte < 0x20 or byte >= 0x7F or byte in ALWAYS:
            out.append(percent(byte))
        elif is_edge and byte in b". ":
            out.append(percent(byte))
        elif is_folder and raw.endswith(b".json") and at == len(raw) - 5:
            out.append(percent(byte))
        elif at == 0 and DEVICE.match(text):
            out.append(percent(byte))
        else:
            out.append(chr(byte))
    return "".join(out)


def key(path):
    """The key of a path's record, from the feed root."""
    segments = path.split("/")
    if any(segment in ("", ".", "..") or "\0" in segment for segment in segments):
        raise Refused("a segment that is empty, a dot, two dots, or holds a NUL")
    escaped = [escape_segment(s, at < len(segments) - 1) for at, s in enumerate(segments)]
    if any(len(segment) > 200 for segment in escaped):
        raise Refused("a segment over 200 bytes")
    whole = "packages/" + "/".join(escaped) + ".json"
    if len(whole) > 900:
        raise Refused("a key over 900 bytes")
    return whole


def path(of_key):
    """The path whose record stands at a key; refuses a key that no path has."""
    if not of_key.startswith("packages/") or not of_key.endswith(".json"):
        raise Refused("no record of a package")
    name = of_key[len("packages/"):-len(".json")]
    if not re.fullmatch(r"([\x20-\x7e]*)", name) or re.search(r"!(?![a-z])|%(?![0-9a-f]{2})", name):
        raise Refused("an escape that is none")
    raw = re.sub(r"!([a-z])|%([0-9a-f]{2})",
                 lambda m: m[1].upper() if m[1] else chr(int(m[2], 16)), name).encode("latin-1")
    try:
        found = raw.decode()
    except UnicodeDecodeError:
        raise Refused("no UTF-8") from None
    if key(found) != of_key:
        raise Refused("a key that would be escaped differently")
    return found


def refuses(function, argument):
    try:
        function(argument)
        return False
    except Refused:
        return True


def check():
    with open(VECTORS, encoding="utf-8") as file:
        vectors = json.load(file)
    wrong = [v["path"] for v in vectors["paths"] if key(v["path"]) != v["key"] or path(v["key"]) != v["path"]]
    wrong += [v["path"] for v in vectors["refusedPaths"] if not refuses(key, v["path"])]
    wrong += [v["key"] for v in vectors["refusedKeys"] if not refuses(path, v["key"])]
    folded = {v["key"].lower() for v in vectors["paths"]}
    if len(folded) != len(vectors["paths"]):
        wrong.append("two paths whose keys meet after case folding")
    for name in wrong:
        print(f"differs: {name!r}")
    if not wrong:
        print(f"escaping: {sum(len(list) for list in vectors.values() if list)} vectors agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(check())
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        sys.exit(64)
    for argument in sys.argv[1:]:
        try:
            print(key(argument))
        except Refused as refusal:
            print(f"error: {argument!r} is refused: {refusal}", file=sys.stderr)
            sys.exit(2)
