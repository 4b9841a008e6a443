"""How the peers are called: each with as many files at once as helps it."""

import os
import shlex

RCLONE = ["rclone", "--config", os.devnull, "--transfers", "16", "--checkers", "16", "-q"]


def shell(text, *arguments):
    """A command line of the shell in which {} stand for arguments."""
    return ["bash", "-c", "set -e; " + text.format(*map(shlex.quote, arguments))]


def restic(bench, repository):
    """restic's environment, and what makes an empty repository."""
    more = {"RESTIC_PASSWORD": "x", "RESTIC_REPOSITORY": repository, "RESTIC_CACHE_DIR": bench.path("restic-cache")}

    def make():
        bench.fresh(repository)
        bench.measure(["restic", "init", "-q", "--repository-version", "2"], more)

    return more, make


class Remote:
    """A place in a server's bucket, as each peer names it."""

    def __init__(self, bench, server, prefix):
        self.bench, self.server, self.prefix = bench, server, prefix
        self.s3 = f"s3://{server.bucket}/{prefix}"
        self.rclone = f"{server.name.upper()}:{server.bucket}/{prefix}"
        self.environment = {**rclone_remote(server), "AWS_ENDPOINT_URL_S3": server.endpoint,
                            "S3_ENDPOINT_URL": server.endpoint}

    @property
    def url(self):
        return self.server.url(self.prefix)

    def clear(self):
        """Removes what stands there; where much is carried the server must free it at once, too."""
        self.bench.measure([*RCLONE, "delete", self.rclone], self.environment)
        if self.bench.is_full:
            self.bench.compact(self.server)

    def transfers(self, race, source, target, prepare):
        """Adds each peer that copies between a folder and here; source and target are folders or remotes."""
        def named(place, attribute):
            return getattr(place, attribute) if isinstance(place, Remote) else place + slash

        slash = ""
        race.add("rclone copy", [*RCLONE, "copy", named(source, "rclone"), named(target, "rclone")], prepare,
                 needs="rclone", more=self.environment)
        slash = "/"
        race.add("aws s3 cp", ["aws", "s3", "cp", "--recursive", "--only-show-errors", named(source, "s3"),
                               named(target, "s3")], prepare, needs="aws", more=self.environment)
        pattern = (source.s3 if isinstance(source, Remote) else source) + "/*"
        race.add("s5cmd cp", ["s5cmd", "--log", "error", "cp", pattern, named(target, "s3") + slash], prepare,
                 needs="s5cmd", more=self.environment)


def rclone_remote(server):
    name = f"RCLONE_CONFIG_{server.name.upper()}_"
    return {name + "TYPE": "s3", name + "PROVIDER": "Other", name + "ENV_AUTH": "true",
            name + "ENDPOINT": server.endpoint, name + "REGION": os.environ["AWS_REGION"],
            name + "NO_CHECK_BUCKET": "true"}
