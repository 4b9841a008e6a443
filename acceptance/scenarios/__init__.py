"""The scenarios, in the order in which they run. A scenario's docstring is the sentence that it proves."""

from .accounts import two_accounts
from .buckets import (
    one_winner_in_buckets, other_clients, others_packages, packages_in_buckets, roots_of_both_kinds,
    servers_without_conditions)
from .damage import four_damages, healing, unreadable_root
from .kills import killed_imports
from .memory import crowded_folder, many_large_files, many_packages
from .outages import large_file_over_a_crash
from .packages import adopted_packages, awkward_sources
from .probes import interrupted_probe, probed_disk, probed_servers
from .quickstart import quickstart_again, quickstart_on_any_tree
from .races import different_content, same_content
from .upkeep.collecting import collecting_in_buckets
from .upkeep.migrations import migration_journey, two_migrations
from .wrong_roots import moved_root, places_that_are_no_root

SCENARIOS = [
    adopted_packages, awkward_sources,
    four_damages, healing, unreadable_root,
    different_content, same_content,
    killed_imports,
    moved_root, places_that_are_no_root,
    two_accounts,
    many_packages, crowded_folder,
    probed_disk, interrupted_probe, probed_servers,
    quickstart_again, quickstart_on_any_tree,
    packages_in_buckets, one_winner_in_buckets, roots_of_both_kinds, servers_without_conditions, other_clients,
    others_packages,
    large_file_over_a_crash, many_large_files,
    migration_journey, two_migrations, collecting_in_buckets,
]
