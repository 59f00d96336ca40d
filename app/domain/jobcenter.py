"""Which processes a JobCenter site consists of, by version and system. Facts only.

Source: the manual's lists in 3.1.3, 3.2.3; jcdbs from R13.1, jnwlauncher from R15.1, jcwebserver from R16.1 on Linux
only. jcwebserver may exist once per node (erratum D10), so only lists that look at the whole node contain it.
"""

from __future__ import annotations

from app.domain.versions import Version

WEBSERVER = "jcwebserver"
KEEPER = "cjcpw"
_ALWAYS = ("nqsdaemon", "jnwcaster", "jnwengine", "sclaunchd", "comagent")
ALL = (KEEPER, *_ALWAYS, "jcdbs", "jnwlauncher", WEBSERVER)


def local_processes(version: Version, system: str) -> tuple[str, ...]:
    """The processes of a node's own (local) site at that version, in the manual's order; cjcpw keeps cluster sites only."""
    later = [name for name, first in (("jcdbs", (13, 1)), ("jnwlauncher", (15, 1))) if version.line >= first]
    if system == "linux" and version.line >= (16, 1):
        later.append(WEBSERVER)
    return (*_ALWAYS, *later)


def site_processes(version: Version, system: str) -> tuple[str, ...]:
    """The processes of a cluster site at that version, in the manual's order."""
    return (KEEPER, *local_processes(version, system))


def own(names: tuple[str, ...]) -> tuple[str, ...]:
    """Without what may belong to another site of the same node (D10): for stops beside a site that goes on running."""
    return tuple(name for name in names if name != WEBSERVER)
