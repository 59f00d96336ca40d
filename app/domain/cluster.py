"""A cluster as its file describes it, and the rules that the file must keep. Knows no YAML and no procedures.

Whether the manual has a procedure for the cluster (classic mode, mutual standby) is the planner's to say.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app.domain.errors import Invalid
from app.domain.text import Frozen
from app.domain.versions import Version

Platform = Literal["wsfc", "windows", "unix"]
System = Literal["linux", "hpux", "aix", "solaris", "windows"]
Arch = Literal["x86", "x64", "ipf", "ipf32"]
ClusterwareName = Literal[
    "wsfc", "clusterpro", "pacemaker", "serviceguard", "lifekeeper", "vcs", "oracle", "other"
]

DEFAULT_PATHS = {
    "nqs": "/usr/lib/nqs",
    "spool": "/usr/spool/nqs",
    "patches": "/var/tmp",  # noqa: S108 - a folder of the nodes, not of this machine
}
DEFAULT_WINDOWS_PATHS = {
    "install": r"C:\JobCenter\SV",
    "clwin": r"C:\JobCenter\CL",
    "packages": r"C:\JobCenter\packages",
    "saves": r"C:\JobCenter\saves",
}
"""Where things lie when the cluster file does not say: install and clwin as built from facts 1.4, the others our own choice."""
_ABSOLUTE = re.compile(r"/|~/|[A-Za-z]:[\\/]")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9+_-]*(/[A-Za-z0-9+_-]+){0,2}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def rule_error(ja: str, en: str, key: str = "", line: int | None = None) -> PydanticCustomError:
    """A broken rule, in both languages: yamlfile.py finds `ja`, `en` and the key that is wrong in the error's context, and
    which line of that key's text it is, where it is about one."""
    return PydanticCustomError("rule", "{en}", {"ja": ja, "en": en, "key": key, "line": line})


def _version(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return Version.parse(value)
    except Invalid as no:
        raise rule_error(no.message.ja, no.message.en) from None


def _zone(value: str) -> str:
    if not _ZONE.fullmatch(value):  # whether the zone exists is a look into files: clusterfile.py
        raise rule_error(
            "時間帯は Asia/Tokyo のような名前で書いてください。",
            "A time zone is written as a name such as Asia/Tokyo.",
        )
    return value


def check_path(value: str) -> str:
    """A path on a node: absolute (`/…`; `D:\\…` on Windows), or below the login folder (`~/…`). Raises the rule's error."""
    if not _ABSOLUTE.match(value) or _CONTROL.search(value) or len(value) > 1000:
        raise rule_error(
            "パスは「/」「~/」（Windows では「D:\\」など）で始め、制御文字を含めないでください。",
            "A path begins with / or ~/ (on Windows with a drive, D:\\) and has no control characters.",
        )
    return value


def _plain(value: str) -> str:
    if _CONTROL.search(value):
        raise rule_error("制御文字は使えません。", "Control characters are not allowed.")
    return value


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_plain)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_plain)]
Group = Annotated[str, StringConstraints(pattern=r"^[^-\s]", max_length=200), AfterValidator(_plain)]
NodePath = Annotated[str, AfterValidator(check_path)]
Release = Annotated[Version, BeforeValidator(_version), PlainSerializer(str, return_type=str)]


class Node(Frozen):
    """One machine of the cluster. `role` is the one it has when a session starts; the preflight verifies it."""

    name: Name
    role: Literal["active", "standby"]
    address: Words
    port: int = Field(default=22, ge=1, le=65535)
    transport: Literal["ssh", "psrp"] = "ssh"
    user: Words = "root"
    encoding: Literal["utf-8", "euc-jp", "cp932"] | None = None
    host_key: Annotated[str, StringConstraints(pattern=r"^SHA256:[A-Za-z0-9+/]{43}=?$")] | None = None
    credential: Name | None = None
    zone: Name | None = None
    version: Release | None = None


class Site(Frozen):
    """One cluster site: its database on the shared disk and the group of the cluster software that carries it."""

    name: Name
    database: Annotated[str, AfterValidator(check_path)]
    group: Group
    nodes: tuple[Name, ...] | None = None
    active: Name | None = None
    virtual_host: Words | None = None


class Cluster(Frozen):
    """The whole cluster file. Every rule of its form is checked on construction (pydantic.ValidationError)."""

    name: Title
    platform: Platform
    os: System
    arch: Arch
    clusterware: ClusterwareName
    version: Release
    local_site: Literal["used", "unused"]
    nodes: tuple[Node, ...]
    sites: tuple[Site, ...]
    mode: Literal["classic", "standard"] = "classic"
    time_zone: Annotated[str, AfterValidator(_zone)] = "Asia/Tokyo"
    os_version: Words | None = None
    clusterware_version: Words | None = None
    clwin: bool = False
    reuse_site_database: bool = True
    paths: dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")], NodePath] = Field(
        default_factory=dict
    )

    @cached_property
    def active(self) -> Node:
        """The one node that carries the sites when a session starts."""
        return next(node for node in self.nodes if node.role == "active")

    @cached_property
    def standbys(self) -> tuple[Node, ...]:
        """The other nodes, in the order of the file."""
        return tuple(node for node in self.nodes if node.role == "standby")

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The groups of all sites, each once, in the order of the file."""
        return tuple(dict.fromkeys(site.group for site in self.sites))

    def path(self, name: str) -> str:
        """The path of that name: the file's own, or the default. Raises KeyError for a name that has neither."""
        defaults = DEFAULT_WINDOWS_PATHS if self.os == "windows" else DEFAULT_PATHS
        return self.paths[name] if name in self.paths else defaults[name]

    def carries(self, node: Node, site: Site) -> bool:
        """Whether the site exists on that node."""
        return site.nodes is None or node.name in site.nodes

    def installed(self, node: Node) -> Version:
        """What is installed on `node` before the session: its own version where the file gives one, else the cluster's."""
        return node.version or self.version

    @model_validator(mode="after")
    def _platform_fits(self) -> Self:
        if (self.platform == "unix") == (self.os == "windows"):
            raise rule_error(
                (
                    f"platform: {self.platform} と os: {self.os} は両立しません。"
                    "unix なら linux・hpux・aix・solaris、それ以外なら windows です。"
                ),
                (
                    f"platform: {self.platform} and os: {self.os} exclude each other: "
                    "unix goes with linux, hpux, aix or solaris, the others with windows."
                ),
                "os",
            )
        if (self.platform == "wsfc") != (self.clusterware == "wsfc"):
            raise rule_error(
                (
                    f"platform: {self.platform} と clusterware: {self.clusterware} "
                    "は両立しません。wsfc は両方とも wsfc にしてください。"
                ),
                (
                    f"platform: {self.platform} and clusterware: {self.clusterware} "
                    "exclude each other: wsfc must stand in both or in neither."
                ),
                "clusterware",
            )
        return self

    @model_validator(mode="after")
    def _nodes_fit(self) -> Self:
        _unique("nodes", [node.name for node in self.nodes])
        active = [node.name for node in self.nodes if node.role == "active"]
        if len(active) != 1:
            found = ", ".join(active) or "0"
            raise rule_error(
                f"nodes には role: active がちょうど 1 つ必要です（現在: {found}）。ほかは standby にしてください。",
                f"nodes needs exactly one role: active (found: {found}); the others are standby.",
                "nodes",
            )
        return self

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if len(self.nodes) < 2:
            raise rule_error(
                "ノードは 2 つ以上（active が 1 つ、standby が 1 つ以上）書いてください。",
                "At least two nodes are needed: one active, one or more standby.",
                "nodes",
            )
        if not self.sites:
            raise rule_error(
                "クラスタサイトを 1 つ以上書いてください。", "At least one cluster site is needed.", "sites"
            )
        return self

    @model_validator(mode="after")
    def _sites_fit(self) -> Self:
        _unique("sites", [site.name for site in self.sites])
        known = {node.name for node in self.nodes}
        for site in self.sites:
            _unique("sites", list(site.nodes or ()))
            strangers = [
                name
                for name in (*(site.nodes or ()), *([site.active] if site.active else []))
                if name not in known
            ]
            if strangers:
                raise rule_error(
                    (
                        f"サイト {site.name} が nodes にないノード「{strangers[0]}」を指しています。"
                        f"書けるのは {', '.join(sorted(known))} です。"
                    ),
                    (
                        f"Site {site.name} names the node {strangers[0]!r}, which "
                        f"is not in nodes; allowed: {', '.join(sorted(known))}."
                    ),
                    "sites",
                )
            if site.nodes is not None and (site.active or self.active.name) not in site.nodes:
                raise rule_error(
                    f"サイト {site.name} の nodes に、そのサイトの運用系ノードがありません。",
                    f"The nodes of site {site.name} lack the node on which it is active.",
                    "sites",
                )
        return self


def _unique(key: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise rule_error(
                f"{key} に同じ名前「{name}」が 2 つあります。名前は 1 つずつ変えてください。",
                f"{key} has two entries named {name!r}; give each its own name.",
                key,
            )
