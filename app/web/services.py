"""What the pages are handed by main, once, on `app.state.services`. Builds nothing itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, NamedTuple

from fastapi import Depends, Request

from app.actions.act import Enqueue
from app.db import Database
from app.packagestore import PackageStore
from app.web.presence import Presence

if TYPE_CHECKING:
    from app.nodes import Links, Target

TargetsOf = Callable[[int], Awaitable[Mapping[str, "Target"]]]


class DemoAccount(NamedTuple):
    """An account of the demonstration, shown on the sign-in page with its password."""

    name: str
    password: str


@dataclass
class Services:
    """The handles that routes use. `clock` gives UTC microseconds.

    `links` reaches nodes for read-only questions and `targets_of` (cluster id -> node name -> target) says which; both are
    None where this process reaches none. `demo_accounts` are shown on the sign-in page when `demo` is set;
    `demo_inputs` (cluster -> patch file on the nodes, its SHA-256) prefill the form of a new session. `packages` is the store.
    """

    database: Database
    enqueue: Enqueue
    clock: Callable[[], int]
    demo: bool = False
    secure_cookies: bool = False
    demo_accounts: tuple[DemoAccount, ...] = ()
    demo_inputs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    links: Links | None = None
    targets_of: TargetsOf | None = None
    packages: PackageStore | None = None
    version: str = ""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    presence: Presence = field(init=False)

    def __post_init__(self) -> None:
        """Presence rings this process's own bell."""
        self.presence = Presence(self.database.bell.ring)

    def stop(self) -> None:
        """End every open stream now: called when the server begins to shut down."""
        self.stopping.set()
        self.database.bell.ring(["stopping"])


def services_from(request: Request) -> Services:
    """The application's services, outside a route."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


async def services_of(request: Request) -> Services:
    """The application's services, as a dependency."""
    return services_from(request)


Console = Annotated[Services, Depends(services_of)]
