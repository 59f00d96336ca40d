"""Says what machine the figures are of, and how busy it was before and after each benchmark."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
import structlog

from tests.bench.figures import machine


@pytest.fixture(autouse=True)
def described(request: pytest.FixtureRequest) -> Iterator[None]:
    """The machine before the benchmark, the load after it; the console's own log stays out of the figures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    print(f"\n{request.node.name}\n  {machine()}", flush=True)
    yield
    print(f"  load afterwards {os.getloadavg()[0]:.2f}", flush=True)
    structlog.reset_defaults()
