"""The web application put together: routes, answers to refusals, middleware, static files. No OpenAPI, no docs routes."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Lifespan

from app.web import (
    approvals,
    bells,
    cluster_edit,
    clusters,
    deliveries,
    doctor,
    history,
    library,
    navigation,
    outputs,
    overlays,
    packages,
    plan_pages,
    refusals,
    session_form,
    session_moves,
    sessions,
    sign_in,
    steps,
    users,
)
from app.web.assets import STATIC, Immutable, version
from app.web.middleware import MAX_BODY, NoNul, SameOrigin, SecurityHeaders, TooBig
from app.web.services import Services

ROUTERS: tuple[APIRouter, ...] = (
    sign_in.router,
    users.router,
    navigation.router,
    bells.router,
    outputs.router,
    cluster_edit.router,  # before the pages of one cluster: /clusters/new is no number
    clusters.router,
    doctor.router,
    overlays.router,
    packages.router,
    session_form.router,
    session_moves.router,
    deliveries.router,
    sessions.router,
    plan_pages.router,
    library.router,
    steps.router,
    steps.evidence_router,
    approvals.router,
    history.router,
)


def create_web(
    services: Services, lifespan: Lifespan[FastAPI] | None = None, routers: Sequence[APIRouter] = ()
) -> FastAPI:
    """The application over the given services; `routers` come on top of the product's own (tests use it)."""
    app = FastAPI(
        title="Tejun",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        form_limits={"max_part_size": MAX_BODY},  # pasted evidence is one field
    )
    app.state.services = services
    app.routes.append(Mount(f"/static/{version()}", Immutable(directory=STATIC)))
    app.routes.append(Mount("/static", StaticFiles(directory=STATIC)))
    for router in (*ROUTERS, *routers):
        app.include_router(router)
    refusals.install(app)
    # the last one added is the outermost
    app.add_middleware(SameOrigin, refuse=refusals.other_site)
    app.add_middleware(NoNul, refuse=refusals.not_an_address)
    app.add_middleware(TooBig, refuse=refusals.too_big, streaming=frozenset({packages.ADD}))
    app.add_middleware(SecurityHeaders)
    return app
