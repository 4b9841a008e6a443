"""A node beside nginx, which serves the same packages as plain files from the same disk; client and server share the
machine."""

import os

from serving import Contest, Nginx, OurNode


def serve_small(bench):
    """GET of 1,000 packages of 16 KiB on 16 connections"""
    return served(bench, "GET of 16 KiB, 16 connections", bench.files("small", 1_000, 16 << 10), 16, "requests")


def serve_large(bench):
    """GET of 256 MiB, verified while it is sent, by one client and by four"""
    source = bench.files("large", 4, 256 << 20)
    return [result for connections in (1, 4)
            for result in served(bench, f"GET of 256 MiB, {connections} at a time", source, connections, "bytes")]


def publish_small(bench):
    """PUT of 16 KiB on 16 connections, new content each; of nginx's nothing is durable"""
    if not has_peers(bench):
        return []
    with OurNode(bench, None) as ours, Nginx(bench, None) as nginx:
        return Contest(bench, "PUT of 16 KiB, 16 connections", [ours, nginx]).run("PUT", 16, size=16 << 10)


def served(bench, title, source, connections, unit):
    if not has_peers(bench):
        return []
    paths = [os.path.relpath(os.path.join(parent, name), source)
             for parent, _, names in os.walk(source) for name in names]
    with OurNode(bench, source) as ours, Nginx(bench, source) as nginx:
        return Contest(bench, title, [ours, nginx], unit).run("GET", connections, sorted(paths))


def has_peers(bench):
    missing = [name for name in ("wrk", "/usr/sbin/nginx") if not bench.tool(name)]
    if missing:
        print(f"\nno node is measured: missing on this machine: {', '.join(missing)}")
    return not missing
