"""The works, in the order in which they run. A work's docstring says what is done."""

from .buckets import download, migrate, upload
from .checking import check_content, list_packages
from .distant import distant
from .local import import_small, publish_large
from .nodes import publish_small, serve_large, serve_small
from .small import many_publishers, one_package

WORKS = [import_small, publish_large, check_content, list_packages, one_package, many_publishers,
         serve_small, serve_large, publish_small, upload, download, migrate, distant]
