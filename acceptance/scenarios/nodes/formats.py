"""Real clients of package formats and build caches against nodes."""

import glob
import os
import shutil
import subprocess

from laboratory import DEADLINE_SECONDS, Skipped

from .crew import running

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
    with running(lab, 1) as [node]:
        client.configure(key, f"http://127.0.0.1:{node.port}/feeds/libs/maven/")
        jars = {}
        for version in ("1.0", "1.1", "2.0-SNAPSHOT", "2.0-SNAPSHOT"):
            jars[version] = lab.random.randbytes(3_000)
            client.deploy(version, jars[version])
        for wanted, version in (("[1.0,2.0-alpha)", "1.1"), ("2.0-SNAPSHOT", "2.0-SNAPSHOT")):
            assert client.resolve(wanted, version) == jars[version], f"{wanted}: other bytes"
        lab.tool("check", "libs", "--content", "all").expect(0)


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


def compiler_cache(lab):
    """ccache keeps what one machine compiled in a mutable feed through one node; another machine gets it through
    another node and compiles nothing, nor does one that may only read; without a key nothing is kept"""
    lab.make_root("objects", options=["--mutable"])
    keys = {
        scope: lab.tool("key", "create", "--feed", "objects", "--scope", scope).expect(0).one("key")["secret"]
        for scope in ("publish", "read")}
    source = lab.write("unit.c", "int answer(void) { return %d; }\n" % lab.random.randrange(10**6))
    with running(lab, 2) as nodes:
        machines = [CompilerCache(lab, name) for name in ("one", "two", "reader", "stranger")]
        first = machines[0].compile(source, nodes[0].port, keys["publish"])
        assert machines[0].hits() == 0 and lab.tool("ls", "objects").expect(0).of("package"), "nothing was kept"
        for machine, scope in zip(machines[1:3], keys):
            assert machine.compile(source, nodes[1].port, keys[scope]) == first, f"{machine.name}: another object"
            assert machine.hits() > 0, f"{machine.name} compiled what was there already"
        kept = lab.tool("ls", "objects").expect(0).of("package")
        other = lab.write("other.c", "int other(void) { return 1; }\n")
        machines[3].compile(other, nodes[1].port, None)
        assert lab.tool("ls", "objects").expect(0).of("package") == kept, "a stranger wrote into the feed"
        lab.tool("check", "objects", "--content", "all").expect(0)


BUILD_SETTINGS = """rootProject.name = 'answer'
buildCache {
    local { enabled = false }
    remote(HttpBuildCache) {
        url = '%s'
        push = true
        credentials { username = 'key'; password = '%s' }
    }
}
"""


def build_cache(lab):
    """Gradle keeps what one machine built in a mutable feed through one node, and another machine takes it from there
    through another node"""
    program = shutil.which("gradle")
    if not program:
        raise Skipped("Gradle is not installed (apt-get install gradle)")
    lab.make_root("builds", options=["--mutable"])
    key = lab.tool("key", "create", "--feed", "builds", "--scope", "publish").expect(0).one("key")["secret"]

    def build(machine, node):
        """Returns what Gradle says, and the class that it made or fetched."""
        project = lab.path(machine)
        lab.write(f"{machine}/settings.gradle",
                  BUILD_SETTINGS % (f"http://127.0.0.1:{node.port}/feeds/builds/packages/", key))
        lab.write(f"{machine}/build.gradle", "apply plugin: 'java'\n")
        lab.write(f"{machine}/src/main/java/Answer.java", "public class Answer { public int answer = 42; }\n")
        done = subprocess.run(
            [program, "--no-daemon", "--build-cache", "--console=plain", "classes"], cwd=project,
            env=dict(os.environ, GRADLE_USER_HOME=lab.path(f"home-{machine}")), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE_SECONDS)
        assert done.returncode == 0, f"gradle: exit {done.returncode}\n{done.stdout[-3000:]}"
        [made] = glob.glob(os.path.join(project, "build/classes/**/Answer.class"), recursive=True)
        with open(made, "rb") as file:
            return done.stdout, file.read()

    with running(lab, 2) as nodes:
        said, made = build("one", nodes[0])
        assert "FROM-CACHE" not in said, said
        said, fetched = build("two", nodes[1])
        assert ":compileJava FROM-CACHE" in said and fetched == made, said
        lab.tool("check", "builds", "--content", "all").expect(0)


class CompilerCache:
    """ccache on a machine of its own: nothing is shared with the others but the nodes."""

    def __init__(self, lab, name):
        self.lab, self.name, self.program = lab, name, shutil.which("ccache")
        if not self.program:
            raise Skipped("ccache is not installed (apt-get install ccache)")

    def run(self, *arguments, storage=""):
        environment = dict(
            os.environ, CCACHE_DIR=self.lab.path(f"ccache-{self.name}"), CCACHE_REMOTE_STORAGE=storage,
            CCACHE_NOHASHDIR="1")
        done = subprocess.run(
            [self.program, *arguments], cwd=self.lab.directory, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=DEADLINE_SECONDS)
        assert done.returncode == 0, f"ccache {arguments}: exit {done.returncode}\n{done.stderr[-2000:]}"
        return done.stdout

    def compile(self, source, port, key):
        """Returns the object's bytes."""
        user = f"key:{key}@" if key else ""
        object_file = self.lab.path(f"{self.name}.o")
        self.run("cc", "-c", source, "-o", object_file,
                 storage=f"http://{user}127.0.0.1:{port}/feeds/objects/packages")
        with open(object_file, "rb") as file:
            return file.read()

    def hits(self):
        """How often the nodes had what was asked for."""
        counts = dict(line.split("\t") for line in self.run("--print-stats").splitlines())
        return int(counts["remote_storage_hit"])
