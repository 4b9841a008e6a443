"""Checks beyond a node: the array job and the Kubernetes job of deploy/, run as their schedulers would run them."""

import json
import os
import re
import subprocess

from laboratory import BLOBTOOL, REPOSITORY


def check_by_many(lab):
    """the array job and the Kubernetes job read each byte once, in parts that divide the content among themselves"""
    lab.make_root("npm")
    for number in range(60):
        lab.write(f"tree/{number}", lab.random.randbytes(lab.random.randrange(1, 20_000)))
    size = lab.tool("import", "npm", lab.path("tree")).expect(0).one("summary")["bytes"]
    with open(os.path.join(REPOSITORY, "deploy", "kubernetes", "check.yaml")) as file:
        manifest = file.read()
    (line,) = re.findall(r"args: \['(.*)'\]", manifest)
    (count,) = re.findall(r"completions: (\d+)", manifest)
    assert f'/{count}"' in line, f"{count} pods, and the command is {line}"
    script = os.path.join(REPOSITORY, "deploy", "check-array.sh")
    ways = [
        [(["sh", "-c", line], {"JOB_COMPLETION_INDEX": str(index)}) for index in range(int(count))],
        [([script, "npm"], {"TASK": str(task), "TASKS": "3"}) for task in (1, 2, 3)],
        [([script, "npm"], {"SLURM_ARRAY_TASK_ID": str(task), "SLURM_ARRAY_TASK_COUNT": "2"}) for task in (1, 2)],
    ]
    for parts in ways:
        summaries = [part(lab, command, variables) for command, variables in parts]
        assert all(summary["complete"] and summary["errors"] == 0 for summary in summaries), summaries
        read = [summary["bytesRead"] for summary in summaries]
        assert sum(read) == size and max(read) < size, f"{read} of {size} bytes"


def part(lab, command, variables):
    environment = {**lab.environment(), **variables}
    environment["PATH"] = os.path.dirname(BLOBTOOL) + ":" + environment["PATH"]
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=300)
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in lines if line["type"] == "summary" and line.get("feed") is None][-1]
