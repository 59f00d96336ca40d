"""The case that the library is read for: a session's plan, or versions and a platform typed in. Makes a plan, stores nothing.

A typed case stands for a cluster that does not exist: two nodes, one site, everything else as a cluster file's defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from app.db import AsyncSession
from app.domain.choosing import Nearest, why_not
from app.domain.cluster import Arch, Cluster
from app.domain.errors import Invalid, Refusal
from app.domain.planner import NoProcedure, make_plan
from app.domain.predicates import Case, Install, Method, Operation
from app.domain.procedure import Plan
from app.domain.text import Text
from app.domain.versions import Version
from app.models import MaintenanceSession
from app.models.steps import step_runs
from app.procedures import procedure
from app.web.plans import others_of
from app.web.session_view import session_of

SYSTEMS: Mapping[str, Text] = {
    "wsfc": Text(ja="WSFC（Windows）", en="WSFC (Windows)"),
    "windows": Text(ja="WSFC 以外の Windows クラスタ", en="another Windows cluster"),
    "linux": Text(ja="Linux", en="Linux"),
    "hpux": Text(ja="HP-UX", en="HP-UX"),
    "aix": Text(ja="AIX", en="AIX"),
    "solaris": Text(ja="Solaris", en="Solaris"),
}
"""What the filter calls the platform: the kind of cluster on Windows, the operating system on UNIX."""

_CLUSTERWARE = {"wsfc": "wsfc", "windows": "clusterpro", "linux": "pacemaker", "hpux": "serviceguard"}
Word = Field(default="", max_length=40)


class CaseForm(BaseModel):
    """What the filter holds, as typed. It asks for something once a version or a session is given."""

    operation: str = Field(default="upgrade", max_length=40)
    source: str = Word
    target: str = Word
    system: str = Field(default="linux", max_length=40)
    arch: str = Field(default="x64", max_length=40)
    method: str = Field(default="auto", max_length=40)
    install: str = Field(default="overwrite", max_length=40)
    local_site: str = Field(default="used", max_length=40)
    clwin: str = Word
    database: str = Field(default="kept", max_length=40)
    session: str = Word

    @property
    def asks(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.source.strip() or self.target.strip() or self.session.strip())

    @property
    def query(self) -> str:
        """What a link to another page of the library carries on; empty where nothing is asked for."""
        typed = self.model_dump(exclude_defaults=True)
        if self.session.strip():
            typed = {"session": self.session.strip()}
        return f"?{urlencode(typed)}" if self.asks else ""

    def case(self) -> Case:
        """The case. Raises Invalid for a version that cannot be read, or a word that is none of the choices."""
        return Case(
            cluster=self.cluster(),
            operation=_one_of("operation", self.operation, Operation),
            to=Version.parse(self.target.strip(), "target"),
            method=_one_of("method", self.method, Method),
            install=_one_of("install", self.install, Install),
        )

    def cluster(self) -> Cluster:
        """The cluster that the case stands for."""
        if self.system not in SYSTEMS:
            raise _no_choice("system", SYSTEMS)
        windows = self.system in ("wsfc", "windows")
        transport = "psrp" if windows else "ssh"
        document = {
            "name": "case",
            "platform": self.system if windows else "unix",
            "os": "windows" if windows else self.system,
            "arch": _one_of("arch", self.arch, Arch),
            "clusterware": _CLUSTERWARE.get(self.system, "other"),
            "version": Version.parse(self.source.strip(), "source"),
            "local_site": _one_of("local_site", self.local_site, Literal["used", "unused"]),
            "clwin": self.clwin == "yes",
            "reuse_site_database": self.database != "new",
            "nodes": [
                {"name": name, "role": role, "address": name, "transport": transport}
                for name, role in (("node-a", "active"), ("node-b", "standby"))
            ],
            "sites": [
                {"name": "site1", "group": "group1", "database": "S:\\site1" if windows else "/shared/site1"}
            ],
        }
        return Cluster.model_validate(document)


@dataclass(frozen=True)
class CaseView:
    """What the filter leads to. `runs`: key -> step run, once the session has begun."""

    form: CaseForm
    plan: Plan | None = None
    refusal: Refusal | Text | None = None
    session: MaintenanceSession | None = None
    runs: Mapping[str, int] = field(default_factory=dict)
    others: Sequence[Nearest] = ()

    @property
    def message(self) -> Text | None:
        """Why there is no plan."""
        return self.refusal.message if isinstance(self.refusal, Refusal) else self.refusal

    @property
    def wrong(self) -> str:
        """The field that cannot be read; empty where none."""
        return self.refusal.field or "" if isinstance(self.refusal, Invalid) else ""

    def against(self, number: str) -> Text | None:
        """What speaks against a procedure in this case; None for the one that is taken, and without a case."""
        return next((each.why_not for each in self.others if each.procedure == number), None)


async def case_view(db: AsyncSession, form: CaseForm) -> CaseView:
    """The plan that the library is shown beside; a refusal where there is none."""
    if form.session.strip():
        return await _of_session(db, form)
    if not form.asks:
        return CaseView(form)
    try:
        case = form.case()
    except Refusal as refusal:
        return CaseView(form, refusal=refusal)
    plan = make_plan(procedure, case.cluster, case.operation, case.to, case.method, case.install)
    if isinstance(plan, NoProcedure):
        return CaseView(form, refusal=plan.refused, others=why_not(case))
    return CaseView(form, plan=plan, others=why_not(case))


async def _of_session(db: AsyncSession, form: CaseForm) -> CaseView:
    typed = form.session.strip()
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 16):
        no = Invalid(
            "bad_number", "セッションは番号で指定してください。", "Give the session by its number.", "session"
        )
        return CaseView(form, refusal=no)
    session = await session_of(db, int(typed))
    runs = {run.key: run.id for run in await step_runs(db, session.id)}
    return CaseView(
        form,
        plan=session.plan,
        session=session,
        runs=runs,
        others=others_of(session.plan, session.cluster.cluster),
    )


def _one_of(field_name: str, value: str, choices: Any) -> Any:
    """A word that is one of a Literal's. Raises Invalid that says what is allowed."""
    if value not in get_args(choices):
        raise _no_choice(field_name, get_args(choices))
    return value


def _no_choice(field_name: str, choices: Iterable[str]) -> Invalid:
    allowed = ", ".join(choices)
    return Invalid(
        f"bad_{field_name}", f"次から選んでください: {allowed}", f"Choose one of: {allowed}", field_name
    )
