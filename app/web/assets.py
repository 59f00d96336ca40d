"""Static files under an address that names their content, so that browsers may keep them for ever.

One digest stands for the whole folder: a script's relative imports then stay within the same version.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).resolve().parents[2] / "static"
FOREVER = "public, max-age=31536000, immutable"


@lru_cache
def version() -> str:
    """The digest of everything under static/, as found when first asked."""
    digest = hashlib.sha256()
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def static_url(path: str) -> str:
    """The address of a file under static/. Raises FileNotFoundError for one that does not exist."""
    if not (STATIC / path).is_file():
        raise FileNotFoundError(path)
    return f"/static/{version()}/{path}"


class Immutable(StaticFiles):
    """The files of one version, to be kept for ever."""

    def file_response(self, *args: Any, **kwargs: Any) -> Any:
        """As Starlette's, with the header that says so."""
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = FOREVER
        return response
