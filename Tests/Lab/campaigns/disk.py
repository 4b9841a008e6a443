"""A disk that loses power: what stands on it, made from the log of a run and of the flushes in it.

What stood there before the run is durable. A change becomes durable by a flush, of the file or of the folder that it
concerns (or of the whole filesystem), which began after it and succeeded. What a flush covered that failed is lost for
good: the kernel reports an error once, and the next flush succeeds without having written it. A rename is one step.
"""

import os
import random
import stat


class Change:
    """One change of a file's bytes or of a folder's names; `inode` is the one whose flush makes it durable."""

    def __init__(self, kind, inode, apply):
        self.kind, self.inode, self.apply = kind, inode, apply
        self.durable_at = None  # the index in the log from which on it survives
        self.is_doomed = False  # a flush that covered it has failed


class Inode:
    def __init__(self, is_folder, mode, data=b"", names=None, times=None):
        self.is_folder, self.mode, self.data, self.names = is_folder, mode, bytearray(data), dict(names or {})
        self.times = times

    def copy(self):
        return Inode(self.is_folder, self.mode, self.data, self.names, self.times)


def scan(folder):
    """The inodes below a folder by their numbers, and the folder's own number."""
    found = {}
    top = os.stat(folder).st_ino

    def add(path):
        status = os.lstat(path)
        is_folder = stat.S_ISDIR(status.st_mode)
        names = {}
        if is_folder:
            names = {name: add(os.path.join(path, name)) for name in os.listdir(path)}
        if status.st_ino not in found:
            data = b"" if is_folder else open(path, "rb").read()
            found[status.st_ino] = Inode(
                is_folder, stat.S_IMODE(status.st_mode), data, names, (status.st_atime_ns, status.st_mtime_ns))
        return status.st_ino

    add(folder)
    return found, top


class Run:
    """A run's log: the changes in their order, when each became durable, and what was printed when."""

    def __init__(self, inodes, top, log, data):
        self.inodes, self.top, self.data = inodes, top, data
        self.changes = []  # (index in the log, change)
        self.printed = []  # (index in the log, bytes)
        self.ends = []  # the indexes at which something changed: where the power may fail
        self.numbers = {number: number for number in inodes}  # an inode's number may be used again
        self.flushes = {}
        self.failed_at = None
        for index, line in enumerate(log):
            kind, *words = line.split(" ")
            getattr(self, "on_" + kind.replace("-", "_"), lambda *_: None)(index, line, *words)

    # MARK: - Changes

    def add(self, index, kind, inode, apply):
        self.changes.append((index, Change(kind, inode, apply)))
        self.ends.append(index)

    def born(self, number, is_folder):
        """An inode that is new, whatever was known under this number."""
        identity = ("new", len(self.inodes))
        self.numbers[number] = identity
        self.inodes[identity] = Inode(is_folder, 0o755 if is_folder else 0o644)
        return identity

    def known(self, number):
        return self.numbers.get(int(number))

    def put(self, index, folder, name, inode):
        known = self.known(folder)
        if known is not None:
            self.add(index, "name", known, lambda disk: disk[known].names.update({name: inode}))

    def on_make(self, index, line, folder, number, *_):
        self.put(index, folder, line.split(" ", 3)[3].rsplit("/", 1)[-1], self.born(int(number), False))

    def on_folder(self, index, line, folder, number, *_):
        self.put(index, folder, line.split(" ", 3)[3], self.born(int(number), True))

    def on_link(self, index, line, folder, number, *_):
        self.put(index, folder, line.split(" ", 3)[3], self.known(number))

    def on_unlink(self, index, line, folder, *_):
        name, inode = line.split(" ", 2)[2], self.known(folder)
        self.add(index, "name", inode, lambda disk: disk[inode].names.pop(name, None))

    def on_rename(self, index, line, source, target, number, *_):
        name, new_name = line.split(" ", 4)[4].split("\t")
        source, target, moved = self.known(source), self.known(target), self.known(number)

        def apply(disk):
            disk[source].names.pop(name, None)
            disk[target].names[new_name] = moved
        self.add(index, "name", target, apply)

    def on_write(self, index, line, number, offset, count, at):
        inode, offset = self.known(number), int(offset)
        content = self.data[int(at):int(at) + int(count)]

        def apply(disk):
            data = disk[inode].data
            data.extend(bytes(max(0, offset - len(data))))
            data[offset:offset + len(content)] = content
        if inode is not None:
            self.add(index, "data", inode, apply)

    def on_cut(self, index, line, number, count):
        inode = self.known(number)
        self.add(index, "data", inode, lambda disk: disk[inode].data.__delitem__(slice(int(count), None)))

    def on_clone(self, index, line, number, source):
        inode, source = self.known(number), self.known(source)
        self.add(index, "data", inode, lambda disk: disk[inode].__setattr__("data", bytearray(disk[source].data)))

    def on_print(self, index, line, count, at):
        self.printed.append((index, self.data[int(at):int(at) + int(count)]))
        self.ends.append(index)

    # MARK: - Flushes

    def on_flush(self, index, line, flush, number):
        self.flushes[flush] = (index, self.known(number) if int(number) else None)

    def on_flushed(self, index, line, flush, result):
        began, inode = self.flushes.pop(flush)
        for changed_at, change in self.changes:
            if changed_at > began or (inode is not None and change.inode != inode) or change.durable_at is not None:
                continue
            if result != "0":
                change.is_doomed = True
                self.failed_at = index
            elif not change.is_doomed:
                change.durable_at = index
        self.ends.append(index)

    # MARK: - The disk after a power cut

    def reported(self, end):
        """What was printed before the cut."""
        return b"".join(text for index, text in self.printed if index <= end)

    def disk(self, end, seed=None):
        """The inodes after a cut behind a line of the log: what is durable, and by a seed some of what is not."""
        chance = random.Random(seed)
        disk = {identity: inode.copy() for identity, inode in self.inodes.items()}
        for index, change in self.changes:
            if index > end:
                break
            is_durable = change.durable_at is not None and change.durable_at <= end
            if is_durable or (seed is not None and not change.is_doomed and chance.random() < 0.5):
                change.apply(disk)
        return disk

    def tree(self, disk):
        """Path to (inode, is it a folder, content) of all that is reachable: two disks alike have the same."""
        found = {}

        def visit(identity, path):
            inode = disk[identity]
            found[path] = (identity, inode.is_folder, b"" if inode.is_folder else bytes(inode.data))
            for name, child in inode.names.items():
                visit(child, f"{path}/{name}")
        visit(self.top, "")
        return found


def write_tree(tree, disk, folder):
    """Makes a tree real; names of one inode are links of one file again, and times are kept."""
    written = {}
    for path, (identity, is_folder, content) in tree.items():
        target = folder + path
        if is_folder:
            os.makedirs(target, exist_ok=True)
        elif identity in written:
            os.link(written[identity], target)
        else:
            with open(target, "wb") as file:
                file.write(content)
            written[identity] = target
        os.chmod(target, disk[identity].mode)
    for path, (identity, _, _) in reversed(tree.items()):
        if disk[identity].times:
            os.utime(folder + path, ns=disk[identity].times)
