"""The cluster's form: fields named like the keys of the cluster file, to a cluster and back. Reads and writes no tables.

A row whose every text field is empty is left out, so the form works without JavaScript: spare rows cost nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import yaml
from starlette.datastructures import FormData

from app.domain import cluster as domain
from app.domain.cluster import Cluster
from app.domain.errors import Invalid
from app.procedures.clusterfile import load_cluster

GENERAL = (
    "name", "platform", "os", "arch", "clusterware", "version", "local_site", "mode", "time_zone", "os_version",
    "clusterware_version", "clwin", "reuse_site_database",
)  # fmt: skip
NODE = (
    "name",
    "role",
    "address",
    "port",
    "transport",
    "user",
    "encoding",
    "credential",
    "host_key",
    "version",
    "zone",
)
SITE = ("name", "database", "group", "nodes", "active", "virtual_host")
ROWS: Mapping[str, tuple[str, ...]] = {"nodes": NODE, "sites": SITE}
CHOICES: Mapping[str, tuple[str, ...]] = {
    "platform": get_args(domain.Platform),
    "os": get_args(domain.System),
    "arch": get_args(domain.Arch),
    "clusterware": get_args(domain.ClusterwareName),
    "local_site": ("used", "unused"),
    "mode": ("classic", "standard"),
    "clwin": ("false", "true"),
    "reuse_site_database": ("true", "false"),
    "role": ("active", "standby"),
    "transport": ("ssh", "psrp"),
    "encoding": ("", "utf-8", "euc-jp", "cp932"),
}
MEANINGLESS = {"role", "transport", "encoding", "port", "user"}
"""Fields of a row that have a value even where nobody typed anything."""

USUAL = {
    "platform": "unix", "os": "linux", "arch": "x64", "clusterware": "pacemaker", "local_site": "used", "mode": "classic",
    "time_zone": "Asia/Tokyo", "clwin": "false", "reuse_site_database": "true",
}  # fmt: skip
USUAL_ROW = {"role": "standby", "port": "22", "transport": "ssh", "user": "root"}
SOURCE = "form"
_PLACE = re.compile(rf"(?m)^{SOURCE}(:\d+)?: ")


@dataclass
class ClusterForm:
    """What the form holds, as typed. `paths` are lines of `key: value`."""

    general: dict[str, str]
    nodes: list[dict[str, str]]
    sites: list[dict[str, str]]
    paths: str = ""

    def __post_init__(self) -> None:
        """Every field is there, empty where nothing was typed."""
        self.general = {key: self.general.get(key, "") for key in GENERAL}
        self.nodes = [{key: row.get(key, "") for key in NODE} for row in self.nodes]
        self.sites = [{key: row.get(key, "") for key in SITE} for row in self.sites]

    def widened(self, rows: Mapping[str, int]) -> ClusterForm:
        """With that many empty rows more."""
        nodes = [*self.nodes, *(USUAL_ROW for _ in range(rows.get("nodes", 0)))]
        sites = [*self.sites, *({} for _ in range(rows.get("sites", 0)))]
        return ClusterForm(self.general, nodes, sites, self.paths)


def empty() -> ClusterForm:
    """A new cluster: two nodes, one site."""
    nodes = [{**USUAL_ROW, "role": "active"}, dict(USUAL_ROW)]
    return ClusterForm(dict(USUAL), nodes, [{}])


def of_cluster(cluster: Cluster) -> ClusterForm:
    """A stored cluster as the form shows it."""
    told = cluster.model_dump(mode="json", exclude_none=True)
    return ClusterForm(
        general={key: _typed(told[key]) for key in GENERAL if key in told},
        nodes=[{key: _typed(node[key]) for key in NODE if key in node} for node in told["nodes"]],
        sites=[{key: _typed(site[key]) for key in SITE if key in site} for site in told["sites"]],
        paths="\n".join(f"{key}: {value}" for key, value in told["paths"].items()),
    )


def of_form(form: FormData) -> ClusterForm:
    """What was sent."""
    typed = {key: value for key, value in form.multi_items() if isinstance(value, str)}
    return ClusterForm(
        general={key: typed.get(key, "").strip() for key in GENERAL},
        nodes=_rows(typed, "nodes"),
        sites=_rows(typed, "sites"),
        paths=typed.get("paths", ""),
    )


def _typed(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, (list, tuple)) else str(value)


def _rows(typed: Mapping[str, str], name: str) -> list[dict[str, str]]:
    numbers = sorted(
        {int(found[1]) for key in typed if (found := re.match(rf"{name}\[(\d{{1,3}})\]\.", key))}
    )
    return [{key: typed.get(f"{name}[{n}].{key}", "").strip() for key in ROWS[name]} for n in numbers]


def to_cluster(form: ClusterForm) -> Cluster:
    """The cluster that was typed. Raises Invalid whose field is the form's own name for it (`nodes[0].role`)."""
    told: dict[str, Any] = {key: value for key, value in form.general.items() if value}
    told["nodes"] = [_filled(row) for row in form.nodes if _means_something(row)]
    told["sites"] = [_site(row) for row in form.sites if _means_something(row)]
    if paths := _paths(form.paths):
        told["paths"] = paths
    text = yaml.safe_dump(told, allow_unicode=True, sort_keys=False)
    try:
        return load_cluster(text.encode(), SOURCE)
    except Invalid as no:
        ja, en = (_PLACE.sub("", words) for words in (no.message.ja, no.message.en))
        raise Invalid(no.code, ja, en, no.field) from None


def _means_something(row: Mapping[str, str]) -> bool:
    return any(value for key, value in row.items() if key not in MEANINGLESS)


def _filled(row: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in row.items() if value}


def _site(row: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = _filled(row)
    if "nodes" in found:
        found["nodes"] = [name for name in re.split(r"[,\s]+", found["nodes"]) if name]
    return found


def _paths(text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if line.strip() and not (colon and value.strip()):
            raise Invalid(
                "bad_path_line",
                f"パスは1行に1つ、「nqs: /usr/lib/nqs」の形で入力してください（「{line.strip()[:40]}」）。",
                f"Write one path a line, as “nqs: /usr/lib/nqs” (not “{line.strip()[:40]}”).",
                "paths",
            )
        if line.strip():
            found[key.strip()] = value.strip()
    return found
