"""One Windows node of the lab behind its WinRM endpoint, and what the tests do with it. Nothing of it is stood in for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from app.domain.procedure import CommandText, Shell
from app.lab.windows.computer import Computer
from app.lab.windows.scripts import Scripts
from app.lab.winrm import Accounts, Authority, Certificate, Configuration, Endpoint, Keytab
from app.nodes.certificates import offered
from app.nodes.links import Links
from app.nodes.results import Ended, Unknown
from app.nodes.target import Credential, Target, Windows
from tests.lab.windows.nodes import Pair
from tests.nodes.support import Recorder

USER, PASSWORD = "Administrator", "correct horse 電池"
SPOOL = r"C:\ProgramData\Tejun\spool"


@dataclass
class WindowsLab:
    """`computer` is the machine, `endpoint` its WinRM, `target` how the console knows it."""

    computer: Computer
    endpoint: Endpoint
    authority: Authority
    certificate: Certificate
    target: Target

    def path(self, path: str) -> Path:
        """Where a file of the node lies here."""
        return self.computer.machine.drives.here(path)

    def heal(self) -> None:
        """As on the first day, for the next test."""
        self.endpoint.faults.heal()
        self.endpoint.use_certificate(self.certificate)

    def restart(self) -> None:
        """Power off and on: every process is gone, every session, and the time of the start is another one."""
        machine = self.computer.machine
        for process in machine.processes.all():
            machine.processes.kill(process.id, tree=False)
        machine.booted += timedelta(minutes=2)
        self.endpoint.faults.reboot()

    def using(self, **options: object) -> Target:
        """The target with another way to sign in."""
        windows = replace(self.target.credential.windows, **options)  # type: ignore[arg-type]
        return replace(self.target, credential=replace(self.target.credential, windows=windows))


@contextmanager
def windows_lab(
    folder: Path, password_file: Path, windows: str = "2019", keytab: Keytab | None = None
) -> Iterator[WindowsLab]:
    """A node that runs, with one account and a certificate of its own authority."""
    password_file.write_text(PASSWORD, "utf-8")
    computer = Pair(folder, windows=windows).computers["node-a"]
    computer._passwords["administrator"] = PASSWORD  # the accounts of tasks and of WinRM are the same ones
    authority = Authority.make()
    certificate, accounts = authority.node("127.0.0.1"), Accounts({USER: PASSWORD}, {"tejun": USER})
    configuration = Configuration(clients=authority, keytab=keytab)
    with Endpoint("NODE-A", Scripts(computer), accounts, configuration, certificate=certificate) as endpoint:
        credential = Credential("password_file", str(password_file), Windows(auth="ntlm"))
        target = Target("node-a", "127.0.0.1", endpoint.https_port, USER, None, credential, transport="psrp")
        yield WindowsLab(computer, endpoint, authority, certificate, target)


async def known(target: Target) -> Target:
    """The target with the host key that it offers accepted."""
    return replace(target, host_key=(await offered(target, 5.0)).public_key)


def powershell(text: str) -> CommandText:
    """A script."""
    return CommandText(shell="powershell", text=text)


async def start(
    links: Links, target: Target, recorder: Recorder, key: str, text: str, shell: Shell = "powershell"
) -> Ended | Unknown:
    """Run or go on from what the recorder holds."""
    return await links.run(
        target,
        key,
        CommandText(shell=shell, text=text),
        offsets=recorder.offsets,
        sink=recorder.sink,
        attach_only=recorder.claims > 0,
        on_claim=recorder.on_claim,
    )
