"""Examines the way to one node and what it finds there, over a connection of its own. Changes nothing on the node.

Every failure becomes one line of domain/doctor.py; nothing is raised for a node. Sends the texts of domain/doctor_unix.py and
doctor_windows.py and no others, after the stages of contact.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app.domain import doctor_contact, doctor_unix, doctor_windows
from app.domain.cluster import Cluster, Node
from app.domain.doctor import (
    Examination,
    Finding,
    blocked,
    examination,
    failed,
    finding,
    lines_of,
    unread,
)
from app.domain.procedure import CommandText
from app.domain.shell import sh
from app.nodes import contact
from app.nodes.errors import NodeError
from app.nodes.links import Links
from app.nodes.results import Output
from app.nodes.target import OfferedKey, Target

if TYPE_CHECKING:
    from app.nodes.quotas import Allowed

STAGE_SECONDS = 5.0
READ_SECONDS = 20.0
LINE_OF: Mapping[str, str] = {
    "unreachable": "port",
    "host_key_unknown": "identity",
    "host_key_changed": "identity",
    "certificate_refused": "identity",
    "plain_http_refused": "identity",
    "not_winrm": "service",
    "clock_skew": "clock",
    "node_busy": "signin",
    "authentication_refused": "signin",
    "credential_missing": "signin",
    "access_refused": "signin",
    "realm_unknown": "signin",
    "kdc_unreachable": "signin",
    "node_not_in_realm": "signin",
    "unsealed": "signin",
    "sign_in_unavailable": "signin",
}
"""Errors of connecting and the line that each belongs to. All others belong to the line that was being asked."""


@dataclass(frozen=True)
class Examined:
    """The lines, and the host key that the node shows where it is not the accepted one."""

    examination: Examination
    offered: OfferedKey | None = None


async def examine(target: Target, node: Node, cluster: Cluster, clock: Callable[[], int]) -> Examined:
    """Ask everything that can be asked. `clock`: UTC microseconds, of the console."""
    async with Links(connect_timeout=STAGE_SECONDS) as links:
        one = _Examination(links, target, node, cluster, clock)
        await one.connect()
        if target.transport == "psrp":
            await one.windows()
        else:
            await one.unix()
    return Examined(examination(node, cluster, one.found), one.offered)


class _Examination:
    """One node's findings as they come."""

    def __init__(
        self, links: Links, target: Target, node: Node, cluster: Cluster, clock: Callable[[], int]
    ) -> None:
        self._links, self._target, self._node = links, target, node
        self._cluster, self._clock = cluster, clock
        self.found: list[Finding] = []
        self.offered: OfferedKey | None = None

    def _blocked(self, line: str) -> bool:
        return blocked(line, self._node.transport, self.found)

    def _minutes(self) -> int:
        """How far the cluster file's zone is from UTC now."""
        offset = contact.utc(self._clock()).astimezone(ZoneInfo(self._cluster.time_zone)).utcoffset()
        return int(offset.total_seconds() // 60) if offset else 0

    def _fail(self, line: str, error: NodeError) -> None:
        """One failure, one line; Kerberos' word on the clocks is also why nobody was let in."""
        at = LINE_OF.get(error.code, line)
        if at == "port" and any(each.line == "port" for each in self.found):
            at = line  # it did take a connection a moment ago
        self.found.append(failed(at, error.message))
        if at == "clock":
            self.found.append(failed("signin", error.message))

    async def connect(self) -> None:
        """The stages up to the sign-in."""
        target = self._target
        self.found.append(await contact.resolve(target, STAGE_SECONDS))
        if not self._blocked("port"):
            self.found.append(await contact.knock(target, STAGE_SECONDS))
        if target.transport == "ssh" and not self._blocked("service"):
            self.found.append(await contact.ssh_service(target, STAGE_SECONDS))
        if not self._blocked("identity"):
            await self._identify()
        if target.transport == "psrp" and not self._blocked("service"):
            self.found += await contact.winrm_service(target, STAGE_SECONDS, self._clock)

    async def _identify(self) -> None:
        target = self._target
        if target.transport == "ssh":
            found, self.offered = await contact.ssh_identity(target, STAGE_SECONDS)
        else:
            now = contact.utc(self._clock())
            found, self.offered = await contact.windows_identity(target, STAGE_SECONDS, now)
        self.found.append(found)

    def _signed_in(self) -> None:
        credential = self._target.credential
        kind = credential.kind
        if self._target.transport == "psrp" and kind != "certificate_file":
            kind = f"{kind}, {credential.windows.auth}"  # type: ignore[assignment]  # for people
        self.found.append(finding("signin.accepted", user=self._target.user, kind=kind))

    async def _read(self, line: str, command: CommandText) -> Output | None:
        """An answer; None, and the line failed, where none came."""
        try:
            return await self._links.read(self._target, command, timeout=READ_SECONDS)
        except NodeError as error:
            self._fail(line, error)
            return None

    async def unix(self) -> None:
        """Sign in, then the two texts side by side."""
        hello = None if self._blocked("signin") else await self._read("shell", sh(":"))
        if not self._blocked("shell"):
            self._signed_in()
        if hello is None:
            return
        self.found.append(finding("shell.sh") if hello.exit_status == 0 else unread("shell", _said(hello)))
        spool, before = self._target.spool, self._clock()
        main, disk = await asyncio.gather(
            self._read("rights", doctor_unix.questions(spool)),
            self._read("disk", doctor_unix.disk_question(self._cluster, spool)),
        )
        told = doctor_unix.answers(main.stdout, main.exit_status) if main else None
        if told is not None:
            at = contact.utc((before + self._clock()) // 2)
            self.found += doctor_unix.judge(told, self._node, self._cluster, at, self._minutes())
        elif main is not None:
            self.found += [unread(line, _said(main)) for line in doctor_unix.LINES]
        if disk is not None:
            self.found.append(doctor_unix.judge_disk(disk.stdout, disk.exit_status))

    async def windows(self) -> None:
        """Quotas before anything is opened, then the texts."""
        allowed = None if self._blocked("signin") else await self._allowed()
        hello = None if allowed is None else await self._read("shell", doctor_windows.shell_question())
        if not self._blocked("shell"):
            self._signed_in()
        if allowed is not None and not self._blocked("quotas"):
            self.found += _quotas(allowed)
        if hello is None:
            return
        told = doctor_windows.answers(hello.stdout, hello.exit_status, "doctor_shell")
        self.found += doctor_windows.judge_shell(told) if told else [unread("shell", _said(hello))]
        if not self._blocked("rights"):
            await asyncio.gather(self._windows_readings(), self._hop())

    async def _allowed(self) -> Allowed | None:
        from app.nodes import quotas  # it brings pypsrp: only for who has Windows nodes

        try:
            return await asyncio.to_thread(quotas.ask, self._target, STAGE_SECONDS)
        except NodeError as error:
            self._fail("signin", error)
            return None

    async def _windows_readings(self) -> None:
        question = doctor_windows.questions(self._cluster, self._target.spool)
        output = await self._read("rights", question)
        told = doctor_windows.answers(output.stdout, output.exit_status, "doctor") if output else None
        if told is not None:
            self.found += doctor_windows.judge(told, self._node, self._cluster, self._minutes())
        elif output is not None:
            self.found += [unread(line, _said(output)) for line in doctor_windows.LINES]

    async def _hop(self) -> None:
        if "hop" not in lines_of(self._node, self._cluster):
            return
        output = await self._read("hop", doctor_windows.hop_question())
        if output is not None:
            self.found.append(doctor_windows.judge_hop(output.stdout, output.exit_status, self._cluster))


def _said(output: Output) -> str:
    """What a node complained of where its answer is none."""
    return output.stderr.decode("utf-8", "replace") or f"exit {output.exit_status}"


def _quotas(allowed: Allowed) -> list[Finding]:
    told = allowed.sessions
    most = allowed.limits.get("MaxShellsPerUser")
    sessions = doctor_contact.sessions(told.left, told.everything, most) if told else unread("sessions")
    return [doctor_contact.quotas(allowed.limits), sessions]
