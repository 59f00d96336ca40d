"""Cluster files: YAML bytes to Cluster and back. Owns reading them; the rules are domain/cluster.py's, the YAML yamlfile.py's."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import ValidationError

from app.domain.cluster import Cluster
from app.procedures.yamlfile import MAX_BYTES, Source, explained, read_mapping

__all__ = ["MAX_BYTES", "dump_cluster", "load_cluster"]


def load_cluster(data: bytes, name: str = "cluster.yaml") -> Cluster:
    """Read a cluster file; `name` stands in the messages. Raises Invalid: file, line, key, what is allowed."""
    source = Source(name, "cluster.invalid")
    told = read_mapping(data, source)
    try:
        cluster = Cluster.model_validate(told)
    except ValidationError as no:
        raise explained(no, source, Cluster) from None
    try:
        ZoneInfo(cluster.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise source.error(
            f"時間帯「{cluster.time_zone}」は知られていません。Asia/Tokyo のような名前で書いてください。",
            f"{cluster.time_zone!r} is no known time zone: write a name such as Asia/Tokyo.",
            ("time_zone",),
        ) from None
    return cluster


def dump_cluster(cluster: Cluster) -> str:
    """The cluster file of `cluster`: what load_cluster reads back to an equal value."""
    return yaml.safe_dump(
        cluster.model_dump(mode="json", exclude_none=True),
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
    )
