"""A guide of the documentation, to the letter: its own commands, with this lab's places in them."""

import os
import subprocess

REPOSITORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[os.pardir] * 4)
GUIDE = os.path.join(REPOSITORY, "docs", "guides", "nas-to-s3.md")
OLD, NEW = "/mnt/nas/packages", "s3://packages/prod?endpoint=https://s3.example.net&region=eu-1"
# What is for those who change their mind.
LEFT_OUT = ["blobtool migrate --server --abort"]
PACKAGES = 8


class Bucket:
    """A real S3 server beside the machines; each reaches it at an address of its own, by way of its console cable."""

    def __init__(self, lab):
        self.environment = {**os.environ, "BLOBSTORE_S3_HOME": os.path.join(lab.folder, "s3")}
        self.lab = lab

    def __enter__(self):
        self.server("start")
        said = self.server("env")
        self.settings = dict(
            line.removeprefix("export ").split("=", 1) for line in said.splitlines() if line.startswith("export "))
        self.settings = {key: value.strip("'") for key, value in self.settings.items()}
        port = self.settings["AWS_ENDPOINT_URL_S3"].rsplit(":", 1)[1]
        for client in (self.lab.one, self.lab.two):
            client.machine.forward(int(port))
            client.machine.write("/root/.aws/credentials", (
                "[default]\n"
                f"aws_access_key_id = {self.settings['AWS_ACCESS_KEY_ID']}\n"
                f"aws_secret_access_key = {self.settings['AWS_SECRET_ACCESS_KEY']}\n").encode())
        return self

    def __exit__(self, *_):
        self.server("stop")

    def server(self, act):
        command = [os.path.join(REPOSITORY, "scripts", "s3-server"), "ceph", act]
        return subprocess.run(
            command, env=self.environment, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            timeout=300).stdout

    def url(self, prefix):
        bucket, query = self.settings["BLOBSTORE_TEST_S3_URL"].split("?")
        return f"{bucket}/{prefix}?{query}"


def steps():
    """The guide's commands, by the number of their step."""
    found, number = {}, None
    with open(GUIDE) as guide:
        for line in guide:
            if line.startswith("## "):
                number = int(line[3:].split(".")[0]) if line[3].isdigit() else None
            words = line.strip()
            if line.startswith("    ") and words.startswith(("blobtool ", "export ", "NEW=")):
                found.setdefault(number, []).append(words)
    return found


class Reader:
    """Who follows the guide on a machine: what was set in one step holds in the next."""

    def __init__(self, client, places):
        self.client, self.places, self.set = client, places, []
        self.steps = steps()

    def follow(self, number, code=0):
        """Does what a step says; what that printed."""
        said = ""
        for command in self.steps.pop(number):
            if command not in LEFT_OUT:
                said += self.do(command, code if command.startswith("blobtool compare") else 0)
        return said

    def do(self, command, code=0):
        for place, here in self.places.items():
            command = command.replace(place, here)
        if not command.startswith("blobtool "):
            self.set.append(command)
            return ""
        script = "\n".join(["export HOME=/root PATH=/root/programs:$PATH", *self.set, f"{command} 2>&1"])
        process = self.client.machine.popen(script)
        out, err = process.communicate(timeout=900)
        assert process.returncode == code, f"exit {process.returncode}, not {code}: {command}\n{out}{err}"
        return out


def expect(said, *wanted):
    for words in wanted:
        assert words in said, f"\"{words}\" is not in:\n{said}"


def nas_to_s3(lab, kind):
    """the guide from a NAS to S3 moves a server root, and both sides are equal before the source goes"""
    root = lab.fresh_root(kind, "npm", "maven")
    lab.files(lab.one, "/root/guide", PACKAGES)
    for feed in ("npm", "maven"):
        lab.one.tool("import", feed, "/root/guide").expect(0)
    with Bucket(lab) as bucket:
        url = bucket.url(f"prod-{lab.scenarios}")
        reader = Reader(lab.one, {NEW: url, OLD: root})
        reader.follow(1)
        reader.steps.pop(2, None)  # The credentials, which are there.
        expect(reader.follow(3), "GOOD: ")
        expect(reader.follow(4), "fit for sharing: any number of nodes may use it at once")
        expect(reader.follow(5), "would move 2 feeds", "0 cannot be copied")
        expect(reader.follow(6), "moved 2 feeds")
        expect(reader.do(f'blobtool compare {OLD} "$NEW"'), f"{2 * PACKAGES} equal, 0 missing, 0 extra, 0 different")
        # A node that does not know yet.
        lab.two.root = root
        redirected = lab.two.tool("push", "npm", "/root/programs/blobtool", "--as", "later").expect(0)
        expect(redirected.err, "moved to s3://")
        reader.follow(7)
        expect(reader.follow(8, code=1), "GOOD: ", f"{2 * PACKAGES} equal, 0 missing, 1 extra, 0 different")
        expect(reader.follow(9), "the former roots of 2 feeds are deleted")
        assert not [number for number in reader.steps if number is not None], f"not followed: {reader.steps}"
        expect(reader.do("blobtool check --content all"), "GOOD: ", f"{2 * PACKAGES + 1} packages")
        names = lab.two.tool("ls", "npm").expect(0).of("package")
        assert len(names) == PACKAGES + 1, names
    return f"{2 * PACKAGES} packages"
