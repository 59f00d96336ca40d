"""A node as the cluster manager sees it. A protocol, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Agent(Protocol):
    """A node as the cluster manager sees it. Either call raises OSError when the node is gone."""

    def online(self, resource: Mapping[str, Any]) -> str:
        """Start what this resource stands for: "" or why not."""

    def offline(self, resource: Mapping[str, Any]) -> str:
        """Stop it: "" or why not."""

    def alive(self, resource: Mapping[str, Any]) -> bool:
        """Whether it still runs."""

    def service(self, start: bool) -> None:
        """Start or stop the node's cluster service."""

    def types_changed(self, types: list[str]) -> None:
        """The cluster's types of resources are now these."""

    def cluster_gone(self) -> None:
        """The quorum is lost: the node's cluster service has ended."""
