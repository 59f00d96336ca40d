"""What can go wrong between a client and a node, on demand. Every field and method may be used at any time, from any thread.

Counts are of the next requests concerned and run down by themselves; the rest lasts until `heal`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Event, Lock
from typing import Literal

from app.lab.winrm.connections import Connections
from app.lab.winrm.service import Service

Impostor = Literal["proxy", "not_found"]


@dataclass
class Lost:
    """Replies that will not arrive: how many, and to which verb ("Receive"; "" for any)."""

    count: int = 0
    verb: str = ""


class Faults:
    """The faults of one endpoint.

    delay       seconds before every answer (slow)
    clock       seconds that the node's clock is ahead, as its Date header shows it
    impostor    "proxy": a page of some proxy answers every request with 200; "not_found": HTTP 404
    stale       how many of the next requests are answered 400 with nothing, as for a body of another connection
    """

    def __init__(self, service: Service, connections: Connections) -> None:
        self._service, self._connections = service, connections
        self._lock = Lock()
        self._lost = Lost()
        self._dark_until = self._down_until = 0.0
        self._light = Event()
        self.delay = self.clock = 0.0
        self.impostor: Impostor | None = None
        self.stale = 0

    def cut(self) -> None:
        """Reset every open connection (RST), and what waits on it. Shells and what runs in them stay."""
        self._connections.cut()
        self._service.registry.wake()

    def black_hole(self, seconds: float) -> None:
        """Nothing is answered for so long; what was sent meanwhile is carried out afterwards, as TCP would bring it."""
        self._light.clear()
        self._dark_until = time.monotonic() + seconds

    def lose_replies(self, count: int = 1, verb: str = "") -> None:
        """Carry out, but cut the connection in place of the answer. What a lost Receive had fetched is fetched again."""
        with self._lock:
            self._lost = Lost(count, verb)

    def answer_stale(self, count: int = 1) -> None:
        """Answer 400 with an empty body to so many requests, and forget their connection's login."""
        self.stale = count

    def refuse_by_quota(self, count: int = 1) -> None:
        """Refuse the next Create or Command requests with 2150859173."""
        self._service.quota_faults = count

    def reboot(self, down: float = 0.0) -> None:
        """End every shell and reset every connection; for `down` seconds every new one is reset as well."""
        self._down_until = time.monotonic() + down
        self._service.registry.kill_all()
        self.cut()

    def idle(self) -> None:
        """Close every open connection in an orderly way, as HTTP.sys does with those that said nothing for two minutes."""
        self._connections.close()
        self._service.registry.wake()

    def heal(self) -> None:
        """Everything as it should be."""
        with self._lock:
            self._lost = Lost()
        self._dark_until = self._down_until = self.delay = self.clock = 0.0
        self.stale = self._service.quota_faults = 0
        self.impostor = None
        self._light.set()

    def is_down(self) -> bool:
        """Whether the node is restarting."""
        return time.monotonic() < self._down_until

    def wait_for_light(self) -> None:
        """Wait for the end of a black hole."""
        while (left := self._dark_until - time.monotonic()) > 0:
            self._light.wait(left)

    def take_stale(self) -> bool:
        """Whether this request is one to be answered 400."""
        with self._lock:
            self.stale -= (found := self.stale > 0)
        return found

    def take_lost(self, verb: str) -> bool:
        """Whether the reply to this verb gets lost."""
        with self._lock:
            found = self._lost.count > 0 and self._lost.verb in ("", verb)
            self._lost.count -= found
        return found
