"""Real clients of package formats against a node."""

import os
import shutil
import subprocess

from laboratory import DEADLINE_SECONDS, Skipped

from .crew import Node, free_ports

# Where Debian's packages of Maven plugins are: nothing is fetched from elsewhere.
PLUGINS = "/usr/share/maven-repo"
SETTINGS = """<settings>
<servers><server><id>store</id><username>key</username><password>{key}</password></server></servers>
<mirrors><mirror><id>debian</id><mirrorOf>central</mirrorOf><url>file://{plugins}</url></mirror></mirrors>
</settings>"""
PROJECT = """<project>
<modelVersion>4.0.0</modelVersion><groupId>org.example</groupId><artifactId>use</artifactId><version>1</version>
<repositories><repository><id>store</id><url>{url}</url>
<releases><checksumPolicy>fail</checksumPolicy></releases>
<snapshots><checksumPolicy>fail</checksumPolicy></snapshots></repository></repositories>
<dependencies><dependency><groupId>org.example</groupId><artifactId>app</artifactId><version>{version}</version>
</dependency></dependencies>
</project>"""


def maven(lab):
    """Maven deploys three versions to an immutable feed, one of them a snapshot, twice, and resolves a range of
    versions and the snapshot, each with its checksums; what the node was sent passes a check"""
    client = Maven(lab)
    lab.make_root("libs")
    key = lab.tool("key", "create", "--feed", "libs", "--scope", "publish").expect(0).one("key")["secret"]
    node = Node(lab, "node-1", free_ports(1)[0], lab.root)
    node.start()
    try:
        client.configure(key, f"http://127.0.0.1:{node.port}/feeds/libs/maven/")
        jars = {}
        for version in ("1.0", "1.1", "2.0-SNAPSHOT", "2.0-SNAPSHOT"):
            jars[version] = lab.random.randbytes(3_000)
            client.deploy(version, jars[version])
        for wanted, version in (("[1.0,2.0-alpha)", "1.1"), ("2.0-SNAPSHOT", "2.0-SNAPSHOT")):
            assert client.resolve(wanted, version) == jars[version], f"{wanted}: other bytes"
        lab.tool("check", "libs", "--content", "all").expect(0)
    finally:
        node.kill()


class Maven:
    def __init__(self, lab):
        self.lab, self.program = lab, shutil.which("mvn")
        if not self.program:
            raise Skipped("Maven is not installed (apt-get install maven)")
        self.deploying = self.plugin("maven-deploy-plugin", "libmaven-deploy-plugin-java")
        self.resolving = self.plugin("maven-jar-plugin", "libmaven-jar-plugin-java")

    @staticmethod
    def plugin(name, package):
        folder = os.path.join(PLUGINS, "org/apache/maven/plugins", name)
        versions = [entry for entry in os.listdir(folder) if entry[0].isdigit()] if os.path.isdir(folder) else []
        if not versions:
            raise Skipped(f"{name} is not installed (apt-get install {package})")
        newest = max(versions, key=lambda version: [int(part) for part in version.split(".")])
        return f"org.apache.maven.plugins:{name}:{newest}"

    def configure(self, key, url):
        self.url = url
        self.settings = self.lab.write("settings.xml", SETTINGS.format(key=key, plugins=PLUGINS))

    def run(self, *arguments):
        done = subprocess.run(
            [self.program, "-B", "-s", self.settings, f"-Dmaven.repo.local={self.lab.path('repository')}", *arguments],
            cwd=self.lab.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=DEADLINE_SECONDS)
        assert done.returncode == 0, f"mvn {arguments}: exit {done.returncode}\n{done.stdout[-3000:]}"

    def deploy(self, version, content):
        self.run(self.deploying + ":deploy-file", f"-Durl={self.url}", "-DrepositoryId=store",
                 f"-Dfile={self.lab.write('app.jar', content)}", "-DgroupId=org.example", "-DartifactId=app",
                 f"-Dversion={version}", "-Dpackaging=jar")

    def resolve(self, wanted, version):
        """Makes Maven fetch what a project depends on; returns the bytes of the version that is expected."""
        project = self.lab.write("use/pom.xml", PROJECT.format(url=self.url, version=wanted))
        shutil.rmtree(self.lab.path("repository", "org", "example"), ignore_errors=True)
        self.run("-f", project, self.resolving + ":jar")
        with open(self.lab.path("repository", "org", "example", "app", version, f"app-{version}.jar"), "rb") as file:
            return file.read()
