"""The transaction of a request: `Writing` commits before the response leaves, `Reading` never commits.

FastAPI's default would end the dependency after the response: a page would show a tick that a failed commit lost. Hence
scope="function". A refusal raised in the route rolls everything back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from app.actions.act import Act
from app.db import AsyncSession
from app.web.auth import SignedIn, address_of, signed_in
from app.web.services import Console


async def transaction(
    request: Request, services: Console, found: Annotated[SignedIn, Depends(signed_in)]
) -> AsyncIterator[Act]:
    """What an action needs: who acts, when, and a transaction that commits when the route returns."""
    async with services.database.transaction() as db:
        yield Act(db, services.clock(), found.person, services.enqueue, address_of(request))


async def reading(services: Console) -> AsyncIterator[AsyncSession]:
    """A handle for reads, closed before the response leaves."""
    async with services.database.reading() as db:
        yield db


Writing = Annotated[Act, Depends(transaction, scope="function")]
Reading = Annotated[AsyncSession, Depends(reading, scope="function")]
