"""Names of the sockets in the lab's folder. Relative: keeper and nodes work in that folder, since socket paths are short."""

NODES = "nodes.sock"
"""Where nodes ask the cluster."""
