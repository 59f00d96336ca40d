"""Packages: take one into the store, remove one, choose one for a session. Receives no bytes and sends none."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from app.actions.act import Act, hold_newcomers, record
from app.actions.overlays import overlay_for
from app.actions.plans import Wish
from app.domain import overlaying
from app.domain.cluster import Cluster
from app.domain.errors import Invalid, NotFound, Refused
from app.domain.filenames import file_name
from app.domain.overlay import OverlayFile
from app.domain.policy import Permission
from app.models import ClusterRecord, Package
from app.models.packages import package_of, sessions_using
from app.packagestore import Incoming, PackageStore

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
NOTE_CHARACTERS = 2000


def expected_digest(typed: str) -> str:
    """The digest that somebody expects, normalised; empty for none. Raises Invalid for what is no SHA-256."""
    if not typed.strip():
        return ""
    found = _SHA256.fullmatch(typed.strip().lower())
    if not found:
        raise Invalid(
            "package_sha256",
            "SHA-256 は 16 進 64 桁で指定してください。",
            "Give the SHA-256 as 64 hexadecimal digits.",
            "sha256",
        )
    return found[1]


def require_noted(note: str) -> None:
    """Refuse a note that is no note any more."""
    if len(note) > NOTE_CHARACTERS or "\0" in note:
        raise Invalid(
            "package_note",
            f"メモは {NOTE_CHARACTERS} 文字以内で、制御文字（NUL）を含めずに入力してください。",
            f"A note has {NOTE_CHARACTERS} characters at most, and no NUL character.",
            "note",
        )


async def add_package(
    act: Act, store: PackageStore, incoming: Incoming, name: str, expected: str = "", note: str = ""
) -> tuple[Package, bool]:
    """Store a finished file. The same bytes again are the package that is there already: (package, False).

    Raises Invalid for a name or note that cannot be, and where the digest is not the `expected` one: nothing is stored."""
    if act.by is not None:
        act.require(Permission.EDIT_CLUSTERS)
    name, wanted = file_name(name), expected_digest(expected)
    require_noted(note)
    if wanted and wanted != incoming.sha256:
        raise Invalid(
            "package_differs",
            f"ファイルの SHA-256 は {incoming.sha256} で、指定された値と異なるため、保存していません。"
            "ファイルが壊れているか、別のファイルです。入手元の値と照合し、ファイルを取り直してください。",
            f"The SHA-256 of the file is {incoming.sha256}, not the one that was given; nothing was stored. The file is damaged "
            "or another one: compare with its supplier's value, and fetch it again.",
            "sha256",
        )
    await hold_newcomers(act)
    row = await package_of(act.db, incoming.sha256)
    if row is not None:
        if not store.has(row.sha256, row.size):  # the folder was lost or moved: these are the very bytes
            store.keep(incoming)
        return row, False
    store.keep(incoming)
    told: dict[str, Any] = {
        "name": name,
        "sha256": incoming.sha256,
        "size": incoming.size,
        "note": note.strip(),
    }
    row = Package(**told, added_by=act.by.id if act.by else None, added_at=act.now)
    act.db.add(row)
    await act.db.flush()
    await record(act, "package.added", f"package:{row.id}", **told)
    return row, True


async def remove_package(act: Act, package_id: int) -> Package:
    """Take a package out of the store. Refused while a session that has not ended uses it."""
    if act.by is not None:
        act.require(Permission.EDIT_CLUSTERS)
    row = await _locked(act, package_id)
    if row is None:
        raise no_such_package()
    using = await sessions_using(act.db, row.sha256)
    if using:
        numbers = ", ".join(str(each) for each in using)
        raise Refused(
            "package_in_use",
            f"セッション（No. {numbers}）で使われているため、削除できません。"
            "セッションが終わってからにするか、下書きで別のファイルを選んでください。",
            f"It is used by session {numbers} and cannot be removed. Wait until that has ended, or choose another file there.",
        )
    await act.db.delete(row)
    await record(act, "package.removed", f"package:{row.id}", name=row.name, sha256=row.sha256, size=row.size)
    return row


async def set_aside_leftovers(act: Act, store: PackageStore) -> None:
    """Take the name from every file of the store that no row knows; the caller has the store `clear` after the commit."""
    await hold_newcomers(act)
    store.set_aside(set(await act.db.scalars(sa.select(Package.sha256))))


async def choose_package(act: Act, record: ClusterRecord, wish: Wish, package_id: int) -> Wish:
    """The wish with a stored package's path on the nodes and digest. Held until the transaction ends, so that it is not removed.

    Raises Invalid where it is gone, or where a path or digest was typed that says something else."""
    row = await _locked(
        act, package_id
    )  # before the session's row: whoever removes it waits, and then sees the session
    return with_package(record, (await overlay_for(act.db, record.name))[1], wish, row)


def with_package(
    record: ClusterRecord, overlay: OverlayFile | None, wish: Wish, package: Package | None
) -> Wish:
    """The wish with that package; nothing is held: for a preview. Raises Invalid as `choose_package`."""
    if package is None:
        raise package_gone()
    path = path_on_nodes(overlaying.with_paths(record.cluster, overlay), package)
    typed = wish.patch_file not in (None, path) or (
        wish.patch_sha256 is not None and expected_digest(wish.patch_sha256) != package.sha256
    )
    if typed:
        raise Invalid(
            "package_and_path",
            "保存済みのパッケージを選んだときは、パスと SHA-256 の欄を空にしてください（パッケージのものが使われます）。"
            "手で指定するときは、パッケージを「選ばない」にしてください。",
            "Where a stored package is chosen, leave path and SHA-256 empty: they are the package's. To give them by hand, "
            "choose no package.",
            "package",
        )
    return wish.model_copy(update={"patch_file": path, "patch_sha256": package.sha256})


def path_on_nodes(cluster: Cluster, package: Package) -> str:
    """Where a package lies on the nodes: the cluster's folder for packages, and the package's name."""
    if cluster.os == "windows":
        folder = cluster.path("packages")
        sign = "/" if "/" in folder and "\\" not in folder else "\\"
        return folder.rstrip("\\/") + sign + package.name
    return cluster.path("patches").rstrip("/") + "/" + package.name


def package_gone() -> Invalid:
    """The refusal of a choice that is none any more."""
    return Invalid(
        "package_gone",
        "選んだパッケージは削除されています。選び直してください。",
        "The package that was chosen has been removed. Choose again.",
        "package",
    )


def no_such_package() -> NotFound:
    """The refusal of a package that is not there."""
    return NotFound("no_such_package", "そのパッケージはありません。", "There is no such package.")


async def _locked(act: Act, package_id: int) -> Package | None:
    return await act.db.get(Package, package_id, with_for_update=True, populate_existing=True)
