"""JobCenter's own commands as far as the lab has them: jc_check -l, which prints settings, and the lab's form of cjcmksite.

The arguments of cjcmksite are not public (erratum group on commands): the lab takes the database's folder and nothing else.
"""

from __future__ import annotations

from app.lab.powershell.world import Native, NativeCall
from app.lab.windows import paths
from app.lab.windows.machine import Machine
from app.lab.windows.programs.console import Usage, complain, program, say


def programs(machine: Machine) -> dict[str, Native]:
    """They, by name."""
    return {
        "jc_check": program(lambda call: _check(machine, call)),
        "cjcmksite": program(lambda call: _make_site(machine, call)),
    }


def _check(machine: Machine, call: NativeCall) -> int:
    edition = machine.jobcenter.edition()
    if call.argv != ["-l"] or edition is None:
        raise Usage(call.line)
    site = call.environment.get("NQS_SITE", "")
    say(
        call,
        f"site: {site or '(local)'}",
        f"version: {edition.version}",
        f"machine: {machine.name} id=1",
        "queue: default pri=31",
    )
    return 0


def _make_site(machine: Machine, call: NativeCall) -> int:
    if len(call.argv) != 1:
        raise Usage(call.line)
    database = paths.full(call.argv[0], call.folder)
    if machine.files.kind(database) != "folder":
        complain(call, f"no database: {database}")
        return 1
    machine.jobcenter.upgrade_database(database)
    say(call, f"{database}: upgraded")
    return 0
