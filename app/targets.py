"""From a stored cluster to the nodes as the driver wants them: address, pinned host key, credential by reference."""

from __future__ import annotations

from collections.abc import Mapping

from app.db import Database
from app.domain.errors import Refused
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
                )
            return targets

    def _credential(self, name: str) -> Credential:
        try:
            return self._credentials[name]
        except KeyError:
            raise Refused(
                "no_such_credential",
                f"認証情報「{name}」が設定されていません。管理者に設定ファイルの確認を依頼してください。",
                f"The credential “{name}” is not configured. Ask the administrator to look at the settings.",
            ) from None
