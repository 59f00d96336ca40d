"""A Windows lab whose nodes live in this process: everything of it but sockets and processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.lab.control import node_names, some_sites
from app.lab.model import Lab, Layout
from app.lab.powershell.world import Environment, NativeCall
from app.lab.windows import acts, build, keys
from app.lab.windows.cluster.manager import Manager
from app.lab.windows.cluster.requests import port
from app.lab.windows.cmd.shell import Pipes
from app.lab.windows.computer import Computer
from app.lab.windows.machine import described

PAYLOAD = "C:\\payload.cmd"


class Nodes:
    """A lab in a folder. `computers`: node -> Computer; all are up and the cluster has settled."""

    def __init__(
        self, folder: Path, platform: str = "wsfc", version: str = "R16.3", *, arch: str = "x64", local_site: str = "used",
        sites: int = 1, nodes: int = 2, clwin: bool = False, windows: str = "",
    ) -> None:  # fmt: skip
        names = node_names(nodes)
        ports = [*range(21001, 21001 + nodes)]  # nobody listens on them
        self.lab: Lab = build.build(
            folder,
            platform,
            "tokyo-batch",
            version,
            local_site,
            some_sites(sites),
            names,
            ports,
            arch,
            clwin, 21000, windows,
        )  # fmt: skip
        self.layout = Layout(folder)
        self.manager = Manager(self.layout.cluster_state, build.first_cluster(self.lab), {})
        self.computers: dict[str, Computer] = {}
        for name in names:
            self.start(name)
        for computer in self.computers.values():
            computer.machine.start_services()

    def start(self, name: str) -> Computer:
        """Power a node on; its services come later."""
        folder = self.layout.node(name)
        user = dict([keys.account(self.layout)])
        made = Computer(folder, self.layout.shared, described(folder), port(self.manager, name), user)
        self.computers[name] = made
        self.manager.agents = {one: computer.machine for one, computer in self.computers.items()}
        made.machine.boot()
        return made

    def reboot(self, name: str) -> None:
        """As a node that restarts: it leaves the cluster without a word, and comes back."""
        self.manager.leave(name, gone=True)
        self.start(name).machine.start_services()

    def told(self) -> dict[str, Any]:
        """The cluster now."""
        return self.manager.see()

    def run(self, node: str, shell: str, text: str) -> tuple[bytes, bytes, int]:
        """Run a text as the product does: PowerShell, or a file for cmd. Output, errors, exit code."""
        computer, out, err = self.computers[node], bytearray(), bytearray()
        environment = Environment(computer.machine.environment())
        call = NativeCall(
            "powershell", "", [], b"", out.extend, err.extend, environment, "C:\\", lambda: False
        )
        if shell == "powershell":
            status = computer.script(text, [], call)
        else:
            computer.machine.files.write(PAYLOAD, text.replace("\n", "\r\n").encode("cp932"))
            interpreter = computer.programs.shell(environment, "C:\\", lambda: False)
            status = interpreter.file(PAYLOAD, [], Pipes(b"", out.extend, err.extend))
        return bytes(out), bytes(err), status

    read = run

    def line(self, node: str, line: str) -> tuple[str, int]:
        """Run one line of cmd: everything it says, exit code."""
        computer, said = self.computers[node], bytearray()
        environment = Environment(computer.machine.environment())
        shell = computer.programs.shell(environment, "C:\\", lambda: False)
        status = shell.line(line, Pipes(b"", said.extend, said.extend))
        return said.decode("cp932"), status

    def do(self, node: str, act: str, /, **values: str) -> None:
        """What a person does in a window."""
        acts.do(self.computers[node], act, values)


class Pair(Nodes):
    """The same for whoever asks for a certain Windows Server."""

    def __init__(self, folder: Path, windows: str = "2019") -> None:
        super().__init__(folder, windows=windows)
