"""One simulated Windows node: everything of it that scripts, commands, the cluster and people can see or change.

Its files, registry and scheduled tasks lie below the node's folder and outlive it; processes, open files and services do not.
Blocking, called from any thread. Owns no connection.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.lab.model import write_whole
from app.lab.windows import paths, product
from app.lab.windows.cluster.errors import ClusterError
from app.lab.windows.cluster.requests import Port
from app.lab.windows.cluster.state import ADDRESS, DISK, NETWORK_NAME, OLD_TYPE
from app.lab.windows.files import Files
from app.lab.windows.jobcenter import Jobcenter
from app.lab.windows.processes import Process, Processes
from app.lab.windows.refusals import Refusal
from app.lab.windows.registry import MACHINE_ENVIRONMENT, USER_ENVIRONMENT, Key, Registry
from app.lab.windows.services import Service, Services

CLUSTER_SERVICES = {"wsfc": ("ClusSvc", "Cluster Service"), "clusterpro": ("clppm", "CLUSTERPRO X")}


@dataclass(frozen=True)
class Description:
    """What a node is, for its whole life. `kind`: wsfc | clusterpro; `windows`: 2008, 2008R2, 2012R2, 2016, 2019, 2022, 2025."""

    name: str
    kind: str
    windows: str
    arch: str
    shared: tuple[str, ...] = ("S",)


class Machine:
    """`folder`: the node's own; `san`: the folder with a folder for each shared drive; `cluster`: how to ask the cluster."""

    def __init__(self, folder: Path, san: Path, description: Description, cluster: Port) -> None:
        self.folder, self.description, self.cluster = folder, description, cluster
        self.name = description.name
        drives = {"C": folder / "C", **{letter: san / letter for letter in description.shared}}
        self.drives = paths.Drives(drives)
        for letter in description.shared:
            self.drives.attach(letter, False)
        self.files = Files(self.drives, lambda: self.fault("full-disk"))
        self.registry = Registry(folder / "registry.json", self._cluster_hive)
        self.processes = Processes(self.files, self.now, folder / "audit")
        self.services = Services()
        self.jobcenter = Jobcenter(self, description.arch)
        self.booted = self.now()
        self.rebooting = threading.Event()
        self.open_windows: dict[str, Process] = {}
        self._cluster_processes: list[Process] = []
        self._types: list[str] = []
        self.administrators = {"administrator", "system"}

    @staticmethod
    def now() -> datetime:
        """The node's clock."""
        return datetime.now(UTC)

    def fault(self, name: str) -> bool:
        """Whether a fault of that name is in force."""
        return (self.folder / "faults" / name).exists()

    # the access lists of folders, for those that have one of their own

    def access(self, path: str) -> str | None:
        """A folder's security descriptor (SDDL), None where it has inherited all. Raises Refusal 2, 3 where it is not there."""
        self.files.attributes(path)
        return self._access().get(path.lower())

    def set_access(self, path: str, text: str) -> None:
        """Give it one."""
        write_whole(self.folder / "access.json", json.dumps({**self._access(), path.lower(): text}))

    def _access(self) -> dict[str, str]:
        file = self.folder / "access.json"
        return dict(json.loads(file.read_text())) if file.exists() else {}

    # power

    def boot(self) -> None:
        """Power on, without what the cluster is needed for: `start_services` follows once the cluster can reach the node."""
        for image in ("svchost.exe", "services.exe", "lsass.exe"):
            self.processes.start(rf"{product.WINDOWS}\System32\{image}")
        name, display = CLUSTER_SERVICES[self.description.kind]
        self.services.add(Service(name, display, "auto", self._join, self._leave))
        for each, shown in (
            ("WinRM", "Windows Remote Management (WS-Management)"),
            ("Schedule", "Task Scheduler"),
        ):
            self.services.add(Service(each, shown, "auto", lambda: None, _never, state="Running"))
        self.jobcenter.register()

    def start_services(self) -> None:
        """Start what starts by itself; a service that refuses stays stopped, as at a real boot."""
        for service in self.services.all():
            if service.start == "auto" and service.state == "Stopped":
                try:
                    self.services.start(service.name)
                except (Refusal, ClusterError):
                    continue

    def caption(self) -> str:
        """What Windows calls itself."""
        written = self.description.windows.replace("R2", " R2")
        return f"Microsoft Windows Server {written} Standard"

    def reboot(self) -> None:
        """Ask for a restart: the node's process ends and the keeper starts it again."""
        self.rebooting.set()

    # environment

    def environment(self) -> dict[str, str]:
        """What a process of the signed-in administrator starts with."""
        windows, user = product.WINDOWS, r"C:\Users\Administrator"
        base = {
            "ALLUSERSPROFILE": r"C:\ProgramData", "ProgramData": r"C:\ProgramData", "COMPUTERNAME": self.name,
            "ComSpec": rf"{windows}\system32\cmd.exe", "OS": "Windows_NT", "Path": rf"{windows}\system32;{windows}",
            "PATHEXT": ".COM;.EXE;.BAT;.CMD", "PROCESSOR_ARCHITECTURE": self._processor(), "SystemDrive": "C:",
            "SystemRoot": windows, "windir": windows, "TEMP": rf"{user}\AppData\Local\Temp", "USERPROFILE": user,
            "USERNAME": "Administrator", "TMP": rf"{user}\AppData\Local\Temp", "ProgramFiles": r"C:\Program Files",
        }  # fmt: skip
        return {
            **base,
            **self.registry.variables(MACHINE_ENVIRONMENT),
            **self.registry.variables(USER_ENVIRONMENT),
        }

    def _processor(self) -> str:
        return {"x86": "x86", "x64": "AMD64"}.get(self.description.arch, "IA64")

    # the cluster

    def _join(self) -> None:
        root = rf"{product.WINDOWS}\Cluster"
        service = self.processes.start(rf"{root}\clussvc.exe")
        self._cluster_processes = [service]
        self.cluster("join")
        if self.description.kind == "wsfc":
            self._cluster_processes.append(self.processes.start(rf"{root}\rhs.exe", parent=service.id))
            self.types_changed(self._types)

    def _leave(self) -> None:
        self.cluster("leave")
        self.cluster_gone()

    def cluster_gone(self) -> None:
        """The cluster's processes end, by the service's stop or because the quorum is lost."""
        service = self.services.find(CLUSTER_SERVICES[self.description.kind][0])
        if service and service.state == "Running":
            service.state = "Stopped"
        for process in self._cluster_processes:
            self.processes.end(process)
        self._cluster_processes = []

    def types_changed(self, types: list[str]) -> None:
        """The resource host loads the DLL of each type that the cluster has, and lets go of that of a type that is gone."""
        self._types = types
        dll = rf"{product.WINDOWS}\cluster\{product.RESOURCE_DLLS[0]}"
        for host in [one for one in self._cluster_processes if one.name == "rhs"]:
            loaded = [one for one in host.loaded if one.path == dll.lower()]
            if OLD_TYPE in types and not loaded:
                self.processes.load(host, dll)
            elif OLD_TYPE not in types:
                for handle in loaded:
                    self.files.close(handle)
                    host.loaded.remove(handle)
                host.modules = [one for one in host.modules if one.lower() != product.RESOURCE_DLLS[0]]

    def _cluster_hive(self) -> Key | None:
        """HKLM\\Cluster as the cluster service has it; None while that is stopped, and in another cluster."""
        if self.description.kind != "wsfc":
            return None
        try:
            told = self.cluster("see")
        except ClusterError:
            return None
        hive = Key("Cluster")
        hive.below("Nodes")
        for name in told["types"]:
            key = hive.below("ResourceTypes").below(name)
            if name == OLD_TYPE:
                key.set("DllName", product.RESOURCE_DLLS[0])
        for name in told["resources"]:
            hive.below("Resources").below(name).set("Name", name)
        return hive

    # what the cluster manager asks of a node (manager.Agent)

    def service(self, start: bool) -> None:
        """Start or stop the node's cluster service for another node, as clpcl -h does. One that is so already stays so."""
        name = CLUSTER_SERVICES[self.description.kind][0]
        if (self.services.get(name).state == "Running") != start:
            (self.services.start if start else self.services.stop)(name)

    def online(self, resource: Mapping[str, Any]) -> str:
        """Start what a resource stands for: "" or why not."""
        kind, parameters = resource["type"], resource["parameters"]
        if self.fault("failing-site") and kind not in (DISK, ADDRESS, NETWORK_NAME):
            return "the lab was told to let it fail"
        if kind == DISK:
            self.drives.attach(parameters["Drive"], True)
            return ""
        if kind in (ADDRESS, NETWORK_NAME):
            return ""
        if not parameters.get("SiteName"):
            return f"the lab knows no {kind} without a SiteName"
        try:
            return self.jobcenter.bring_online(resource)
        except Refusal as refusal:
            return str(refusal)

    def offline(self, resource: Mapping[str, Any]) -> str:
        """Stop it."""
        kind, parameters = resource["type"], resource["parameters"]
        if kind == DISK:
            self.drives.attach(parameters["Drive"], False)
        elif parameters.get("SiteName"):
            self.jobcenter.stop(parameters["SiteName"])
        return ""

    def alive(self, resource: Mapping[str, Any]) -> bool:
        """Whether a site's processes are there; disks and addresses always are."""
        site = resource["parameters"].get("SiteName")
        return not site or bool(self.processes.of_site(site))


def _never() -> None:
    raise Refusal(1059, "this service")


def describe(folder: Path, description: Description) -> None:
    """Write down what the node is."""
    write_whole(folder / "machine.json", json.dumps(asdict(description)))


def described(folder: Path) -> Description:
    """Read it."""
    data = json.loads((folder / "machine.json").read_text())
    return Description(**{**data, "shared": tuple(data["shared"])})
