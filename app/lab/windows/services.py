"""A node's services: what Windows' service manager knows of them, start and stop. What a service does is told by its owner.

Owns no process; `starting` and `stopping` of a service do the work and raise Refusal where they cannot.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from app.lab.windows.refusals import Refusal

STATES = {
    "Stopped": 1,
    "StartPending": 2,
    "StopPending": 3,
    "Running": 4,
    "ContinuePending": 5,
    "PausePending": 6,
    "Paused": 7,
}
"""ServiceControllerStatus of .NET."""


@dataclass
class Service:
    """One service: its name, the name that is displayed, how it starts (auto | manual | disabled), its state now."""

    name: str
    display: str
    start: str
    starting: Callable[[], None]
    stopping: Callable[[], None]
    state: str = "Stopped"


class Services:
    """The services of one node, by name in either case."""

    def __init__(self) -> None:
        self._table: dict[str, Service] = {}
        self._lock = threading.Lock()

    def add(self, service: Service) -> None:
        """Register; one that is there already is replaced, with its state."""
        known = self._table.get(service.name.lower())
        service.state = known.state if known else service.state
        self._table[service.name.lower()] = service

    def remove(self, name: str) -> None:
        """Take it out."""
        self._table.pop(name.lower(), None)

    def all(self) -> list[Service]:
        """All, by name."""
        return sorted(self._table.values(), key=lambda one: one.name.lower())

    def find(self, name: str) -> Service | None:
        """By its name, not the one that is displayed."""
        return self._table.get(name.lower())

    def get(self, name: str) -> Service:
        """The same. Raises Refusal 1060."""
        found = self.find(name)
        if found is None:
            raise Refusal(1060, name)
        return found

    def start(self, name: str) -> None:
        """Start it. Raises Refusal 1060; 1056 where it runs already; what the service itself says."""
        self._change(self.get(name), "Stopped", "StartPending", "Running", 1056)

    def stop(self, name: str) -> None:
        """Stop it. Raises Refusal 1060; 1062 where it does not run; what the service itself says."""
        self._change(self.get(name), "Running", "StopPending", "Stopped", 1062)

    def _change(self, service: Service, before: str, meanwhile: str, after: str, otherwise: int) -> None:
        with self._lock:
            if service.state != before:
                raise Refusal(otherwise if service.state == after else 1059, service.name)
            service.state = meanwhile
        try:
            (service.starting if after == "Running" else service.stopping)()
        except Refusal:
            service.state = before
            raise
        service.state = after
