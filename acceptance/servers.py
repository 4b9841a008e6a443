"""The S3 servers that `scripts/with-s3-servers` has started, and other clients of them."""

import os
import subprocess
import uuid

from laboratory import REPOSITORY, Skipped


class Server:
    """One server, and a place of its own in its bucket."""

    def __init__(self, name, endpoint):
        self.name, self.endpoint = name, endpoint
        self.bucket = os.environ["S3_BUCKET"]

    def url(self, prefix):
        return f"s3://{self.bucket}/{prefix}?endpoint={self.endpoint}&region={os.environ['AWS_REGION']}"

    def crash(self):
        self._script("kill")

    def start(self):
        self._script("start")

    def _script(self, verb):
        script = os.path.join(REPOSITORY, "scripts", "s3-server")
        subprocess.run(
            [script, self.name, verb], check=True, env={**os.environ, "KEEP": "1"}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=180)

    def names(self, prefix):
        """The keys below a prefix, relative to it."""
        return self.rclone("lsf", "--recursive", "--files-only", f"s3:{self.bucket}/{prefix}").splitlines()

    def rclone(self, *arguments):
        """rclone, with this server as its remote `s3:`; returns what it printed."""
        remote = {
            "RCLONE_CONFIG": os.devnull, "RCLONE_CONFIG_S3_TYPE": "s3", "RCLONE_CONFIG_S3_PROVIDER": "Other",
            "RCLONE_CONFIG_S3_ENV_AUTH": "true", "RCLONE_CONFIG_S3_ENDPOINT": self.endpoint,
            "RCLONE_CONFIG_S3_REGION": os.environ["AWS_REGION"], "RCLONE_CONFIG_S3_NO_CHECK_BUCKET": "true",
        }
        return subprocess.run(
            [tool("rclone"), *arguments], check=True, env={**os.environ, **remote}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True, timeout=300).stdout

    def boto3(self, verb, prefix, folder):
        """boto3: `get` fetches all below a prefix into a folder, `put` does the reverse."""
        script = os.path.join(REPOSITORY, "acceptance", "other_client.py")
        subprocess.run(
            [tool("python3"), script, verb, self.endpoint, self.bucket, prefix, folder], check=True,
            stdin=subprocess.DEVNULL, timeout=300)


def tool(name):
    """An executable that the servers' installation brought along."""
    return os.path.join(os.environ["BLOBSTORE_S3_TOOLS"], "bin", name)


def running(*names):
    """Those of that name that run."""
    listed = [item.split("=", 1) for item in os.environ.get("BLOBSTORE_S3_ENDPOINTS", "").split()]
    return [Server(name, endpoint) for name, endpoint in listed if name in names]


def servers(*names):
    """Those of that name that run; without any the scenario is skipped."""
    found = running(*names)
    if not found:
        raise Skipped("no S3 server runs: use scripts/with-s3-servers acceptance/run")
    return found


def fresh_prefix():
    return f"acceptance/{uuid.uuid4()}"
