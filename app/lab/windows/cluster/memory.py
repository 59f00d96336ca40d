"""What the cluster knew when the lab went down. Reads cluster.json; manager.py writes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from app.lab.windows.cluster.state import Cluster, from_json


def load(file: Path, fresh: Callable[[], Cluster]) -> Cluster:
    """What the file knows with every service stopped (a lab that comes up), or a fresh cluster."""
    if not file.exists():
        return fresh()
    cluster = from_json(json.loads(file.read_text()))
    for member in cluster.members.values():
        member.service = False
    for one in cluster.resources.values():
        one.state, one.failures = "Offline", 0
    return cluster
