"""Packages that one machine publishes, as the other sees them."""

import shlex


def pushes(lab, kind):
    """every push ends well, and the other machine has it at once, although it had just looked for it in vain"""
    lab.fresh_root(kind, "f")
    count = 200 if lab.is_long else 3
    lab.files(lab.one, "/root/pushed", count)
    for number in range(1, count + 1):
        name, is_watched = f"package-{number}.tgz", number % 10 == 1
        if is_watched:
            lab.two.tool("stat", "f", name).expect(2)
        lab.one.tool("push", "f", f"/root/pushed/{name}").expect(0)
        if is_watched:
            lab.two.tool("stat", "f", name).expect(0)
    assert len(lab.two.tool("ls", "f").expect(0).of("package")) == count
    lab.expect_good(lab.two)
    return f"{count} pushes"


AWKWARD = [
    "UPPER/Lower Case.TGZ", "upper/lower case.tgz", "CON/aux.txt", "com1.tgz", "nul", "ends./with .", " begins with",
    "naïve/Ünïcode-1.0.tgz", "日本語/パッケージ.whl", "📦.bin", 'a:b*c?"<>|.zip', "back\\slash", "~tilde~/x~1",
    "%41/!bang", ".hidden", "record.json/inside.json", ".nfs0001", "x" * 190, "/".join(["deep"] * 30) + "/end",
    "tab\there", "\u202etxt",
]


def awkward_names(lab, kind):
    """names that mounts treat in their own way come back byte for byte on the other machine"""
    lab.fresh_root(kind, "f")
    for number, name in enumerate(AWKWARD):
        lab.one.machine.run(f"printf %s {number} > /tmp/content")
        lab.one.tool("push", "f", "/tmp/content", "--as", name).expect(0)
    listed = [line["path"] for line in lab.two.tool("ls", "f").expect(0).of("package")]
    assert sorted(listed) == sorted(AWKWARD), set(listed) ^ set(AWKWARD)
    for number, name in enumerate(AWKWARD):
        pulled = lab.two.shell(f"blobtool pull f {shlex.quote(name)} -o -")
        assert pulled == str(number), f"{name}: {pulled}"
    lab.expect_good(lab.two)
    return f"{len(AWKWARD)} names"
