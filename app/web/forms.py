"""Forms that come back with what was typed: a write whose refusal is shown in the form itself, not on a page of its own.

The refused transaction is rolled back and the refusal recorded, as the edge does it for all other routes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import Request

from app.actions.act import Act, record_refusal
from app.db import AsyncSession
from app.domain.errors import Refusal
from app.web.auth import SignedIn, address_of
from app.web.services import Services

Result = TypeVar("Result")


def act_of(request: Request, services: Services, found: SignedIn, db: AsyncSession) -> Act:
    """What an action needs, over a transaction that the route opened itself (after it talked to nodes, say)."""
    return Act(db, services.clock(), found.person, services.enqueue, address_of(request))


async def carry_out(
    request: Request, services: Services, found: SignedIn, change: Callable[[Act], Awaitable[Result]]
) -> Result | Refusal:
    """The result of `change` once it is committed, or the refusal, recorded, for the form to show."""
    try:
        async with services.database.transaction() as db:
            return await change(act_of(request, services, found, db))
    except Refusal as refusal:
        async with services.database.transaction() as db:
            act = act_of(request, services, found, db)
            await record_refusal(act, f"{request.method} {request.url.path}"[:128], refusal)
        return refusal
