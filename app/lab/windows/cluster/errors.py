"""Why the cluster refuses: the number that Windows returns and its English text (winerror.h)."""

from __future__ import annotations

CODES = {
    258: "The wait operation timed out.",
    1722: "The RPC server is unavailable.",
    5001: "The cluster resource cannot be moved to another group because other resources are dependent on it.",
    5007: "The cluster resource could not be found.",
    5010: "The object already exists.",
    5013: "The cluster group could not be found.",
    5018: "The cluster resource could not be deleted because it is online or pending.",
    5019: "The cluster resource is online.",
    5038: "A cluster resource failed.",
    5042: "The cluster node could not be found.",
    5050: "The cluster node is down.",
    5069: "The cluster resource failed to come online.",
    5070: "The cluster node is currently paused.",
    5078: "The specified cluster resource type could not be found.",
    5079: "The specified cluster resource type still has resources.",
}


class ClusterError(Exception):
    """The cluster said no. `code` is what cluster.exe ends with."""

    def __init__(self, code: int, detail: str = "") -> None:
        self.code, self.detail = code, detail
        super().__init__(f"{CODES[code]} {detail}".rstrip())
