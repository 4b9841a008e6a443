"""The works, in the order in which they run. A work's docstring says what is done."""

from .buckets import download, migrate, upload
from .checking import check_content, list_packages
from .local import import_small, publish_large
from .small import many_publishers, one_package

WORKS = [import_small, publish_large, check_content, list_packages, one_package, many_publishers,
         upload, download, migrate]
