"""Where a feed's root may stand, and what stands there."""

import os
import pathlib

from servers import fresh_prefix


class Folder:
    """A place on disk that is not there yet."""

    def __init__(self, path):
        self.name, self.path = "disk", path
        self.url = pathlib.Path(path).as_uri()

    def names(self):
        return [os.path.relpath(os.path.join(parent, name), self.path)
                for parent, _, names in os.walk(self.path) for name in names]


class Prefix:
    """A place in a server's bucket that nothing uses yet."""

    def __init__(self, server):
        self.server, self.prefix = server, fresh_prefix()
        self.name, self.url = server.name, server.url(self.prefix)

    def names(self):
        return self.server.names(self.prefix)


def blobs(place):
    """The digests of the content that stands finished in a feed's root."""
    return {os.path.basename(name) for name in place.names() if name.startswith("blobs/sha256/")}


def records(place):
    """The names of the package records in a feed's root."""
    return {name for name in place.names() if name.startswith("packages/") and "~/" not in name}
