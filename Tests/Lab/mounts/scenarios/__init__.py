"""The scenarios, in the order in which they run. A docstring is the sentence that its scenario proves on each mount.

Those that start many processes or wait for long are left to the long form: a machine computes this slowly."""

from .guides import nas_to_s3
from .moving import migrated
from .nodes import nodes
from .outages import cut_cable, killed_client, restarted_server, unmounted
from .records import conformance, history, races, visible_at_once
from .sharing import awkward_names, pushes
from .trips import round_trips
from .upkeep import upkeep

SHORT = [races, visible_at_once, history, pushes, restarted_server]
SCENARIOS = SHORT + [
    awkward_names, cut_cable, unmounted, killed_client, migrated, nas_to_s3, upkeep, nodes, round_trips, conformance,
]
