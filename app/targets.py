"""From a stored cluster to the nodes as the driver wants them: address, pinned host key, credential by reference."""

from __future__ import annotations

from collections.abc import Mapping

from app.db import Database
from app.models import ClusterRecord
from app.models.clusters import accepted_key
from app.nodes import Credential, Target

DEFAULT_CREDENTIAL = "default"


class Targets:
    """Resolves the nodes of a cluster at the instant they are needed: a key that was replaced counts at once."""

    def __init__(self, database: Database, credentials: Mapping[str, Credential]) -> None:
        self._database = database
        self._credentials = credentials

    async def of_cluster(self, cluster_id: int) -> dict[str, Target]:
        """Every node of a cluster by name. A node without an accepted key has `host_key` None: connecting will refuse."""
        async with self._database.reading() as db:
            record = await db.get_one(ClusterRecord, cluster_id)
            targets = {}
            for node in record.cluster.nodes:
                key = await accepted_key(db, node.address, node.port)
                targets[node.name] = Target(
                    name=node.name,
                    address=node.address,
                    port=node.port,
                    user=node.user,
                    host_key=key.public_key if key else None,
                    credential=self._credential(node.credential or DEFAULT_CREDENTIAL),
                    transport=node.transport,
                )
            return targets

    def _credential(self, name: str) -> Credential:
        """The configured credential of that name; without one, a private key in the environment under the name's own variable.

        That variable need not be there: the driver then says which one is missing, on the step, as for any credential.
        """
        return self._credentials.get(name) or Credential(
            "key_env", f"TEJUN_KEY_{name.upper().replace('-', '_')}"
        )
