"""The scenarios, in the order in which they run. A scenario's docstring is the sentence that it proves."""

from .accounts import two_accounts
from .buckets import (
    one_winner_in_buckets, other_clients, others_packages, packages_in_buckets, roots_of_both_kinds,
    servers_without_conditions)
from .damage import four_damages, healing, unreadable_root
from .install.debian import installed_package
from .install.release import released_files
from .install.services import installed_services
from .kills import killed_imports
from .memory import crowded_folder, many_large_files, many_packages
from .nodes.failover import a_node_dies, a_node_sleeps, a_rolling_restart, what_one_publishes
from .nodes.formats import build_cache, compiler_cache, maven
from .nodes.jobs import a_sleeper_finishes_nothing, jobs_outlive_nodes
from .nodes.load import idle_connections, large_upload, slow_readers
from .nodes.manual import the_cluster_page
from .nodes.moving import a_feed_moves, a_key_is_revoked, the_storage_goes_away
from .nodes.one_off import check_by_many
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
    what_one_publishes, a_node_dies, a_rolling_restart, a_node_sleeps,
    slow_readers, large_upload, idle_connections, maven, compiler_cache, build_cache,
    the_cluster_page, a_feed_moves, the_storage_goes_away, a_key_is_revoked, check_by_many,
    jobs_outlive_nodes, a_sleeper_finishes_nothing,
    released_files, installed_package, installed_services,
]
