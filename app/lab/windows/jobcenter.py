"""JobCenter on one node: its local site, the cluster sites that run here, and what installers do to it.

Starts and stops sites as processes of the node. Owns JobCenter's service; knows no cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.lab.product import parts
from app.lab.windows import paths, product
from app.lab.windows.packages import Package
from app.lab.windows.product import Edition
from app.lab.windows.refusals import Refusal
from app.lab.windows.registry import PROGRAMS
from app.lab.windows.services import Service

if TYPE_CHECKING:
    from app.lab.windows.machine import Machine

LOCAL = "local"
IN_USE, FULL, NOT_FOR_THIS, OTHER_VERSION = 1603, 112, 1642, 1638
"""Exit codes of Windows Installer for a failure, for a full disk, a patch for something else, another version that is there."""


class Jobcenter:
    """MG/SV and CL/Win of one node."""

    def __init__(self, machine: Machine, arch: str) -> None:
        self._machine, self.arch = machine, arch

    # what is installed

    def edition(self) -> Edition | None:
        """What the list of installed programs says of MG/SV; None where it is not installed."""
        for view in ("", r"\Wow6432Node"):
            told = self._machine.registry.value(
                rf"HKLM\SOFTWARE{view}\{PROGRAMS}\{product.SERVER_ENTRY}", "DisplayVersion"
            )
            if told:
                return Edition("R" + told, self.arch)
        return None

    def register(self, start: str = "") -> None:
        """Make the service of what is installed known. `start`: auto | manual, as it was where not given."""
        machine, edition = self._machine, self.edition()
        for name in (product.SERVICE, product.OLD_SERVICE):
            if edition is None or name != edition.service:
                machine.services.remove(name)
        if edition is None:
            return
        key = rf"{edition.software}\{product.SERVER_KEY}"
        if start:
            machine.registry.set(key, "LocalSite", start)
        start = machine.registry.value(key, "LocalSite") or "auto"
        machine.services.add(
            Service(
                edition.service, "NEC JobCenter", start, lambda: self.start(LOCAL), lambda: self.stop(LOCAL)
            )
        )

    # sites

    def start(self, site: str) -> None:
        """Start a site's processes. Raises Refusal 1053 where JobCenter is not installed, nothing where they run."""
        edition = self.edition()
        processes, files = self._machine.processes, self._machine.files
        if edition is None or any(files.kind(path) != "file" for path in edition.daemons()):
            raise Refusal(1053, "JobCenter")
        if processes.of_site(site):
            return
        dll = rf"{edition.system}\necjsock.dll"
        for number, path in enumerate(edition.daemons()):
            processes.start(path, site=site, modules=(dll,), ports=() if number else (product.PORT,))

    def stop(self, site: str) -> None:
        """End a site's processes."""
        for process in self._machine.processes.of_site(site):
            self._machine.processes.end(process)

    def bring_online(self, resource: Mapping[str, Any]) -> str:
        """The cluster starts a site here: "" or why it does not start."""
        parameters, edition = resource["parameters"], self.edition()
        database, script = parameters.get("DBPath", ""), parameters.get("ScriptFilePath", "")
        files = self._machine.files
        if edition is None:
            return "JobCenter is not installed"
        if not database or files.kind(database) != "folder":
            return f"there is no database {database}"
        if script and files.kind(script) != "file":
            return f"there is no script {script}"
        written = files.read(paths.join(database, "format")).decode().strip()
        if written != edition.data:
            return f"the database is of format {written}, {edition.version} needs {edition.data}"
        self.start(parameters["SiteName"])
        return ""

    def upgrade_database(self, database: str) -> None:
        """What the registration as an existing site, and cjcmksite, do to a site's database. Raises Refusal 2, 3, 1053."""
        edition = self.edition()
        if edition is None:
            raise Refusal(1053, "JobCenter")
        self._machine.files.length(paths.join(database, "format"))
        self._machine.files.write(paths.join(database, "format"), f"{edition.data}\r\n".encode())

    # packages

    def run(self, package: Package) -> int:
        """Carry a package out; its exit code. Nothing is changed by one that fails."""
        if package.arch != self.arch:
            return NOT_FOR_THIS
        if package.product == "clwin":
            return self._clwin(package)
        edition = self.edition()
        wrong = self._misfit(package, edition)
        if wrong:
            return wrong
        if self._machine.fault("failing-patch") or self._busy(edition):
            return IN_USE
        try:
            if package.act == "uninstall":
                assert edition
                self._uninstall(edition)
            else:
                self._install(Edition(package.version, self.arch), edition)
        except Refusal as refusal:
            return FULL if refusal.code == FULL else IN_USE
        return package.code

    @staticmethod
    def _misfit(package: Package, edition: Edition | None) -> int:
        if package.act == "install":
            newer = edition is None or parts(package.version) > parts(edition.version)
            return 0 if newer else OTHER_VERSION
        if edition is None:
            return NOT_FOR_THIS if package.act == "patch" else 1605  # ERROR_UNKNOWN_PRODUCT
        if package.act == "patch":
            line = parts(package.version)[:2] == edition.line
            return 0 if line and parts(package.version) > parts(edition.version) else NOT_FOR_THIS
        return 0

    def _busy(self, edition: Edition | None) -> bool:
        """Whether anything of it runs or is open."""
        if edition is None:
            return False
        machine = self._machine
        service = machine.services.find(edition.service)
        if machine.processes.sites() or (service and service.state != "Stopped"):
            return True
        return machine.files.in_use(product.INSTALL) or any(
            machine.files.in_use(path) for path in edition.files()
        )

    def _install(self, edition: Edition, before: Edition | None) -> None:
        files, registry = self._machine.files, self._machine.registry
        for path, content in {**edition.kept(), **edition.files()}.items():
            files.make_folder(paths.parent(path))
            files.write(path, content)
        entry = rf"{edition.software}\{PROGRAMS}\{product.SERVER_ENTRY}"
        registry.set(entry, "DisplayName", "JobCenter MG/SV")
        registry.set(entry, "DisplayVersion", edition.version[1:])
        size = -(-sum(map(len, edition.files().values())) // 1024)
        registry.set(entry, "EstimatedSize", hex(size), "REG_DWORD")
        registry.set(rf"{edition.software}\{product.SERVER_KEY}", "Version", edition.version[1:])
        if before and before.service != edition.service:
            self._machine.services.remove(before.service)
        self.register()
        if edition.starts_by_itself:
            self._machine.services.start(edition.service)

    def _uninstall(self, edition: Edition) -> None:
        machine = self._machine
        if machine.files.kind(product.INSTALL):
            machine.files.delete_folder(product.INSTALL, deep=True)
        machine.registry.delete(rf"{edition.software}\{PROGRAMS}\{product.SERVER_ENTRY}")
        self.register()

    def _clwin(self, package: Package) -> int:
        files, registry = self._machine.files, self._machine.registry
        software = Edition(package.version or "R12.1", self.arch).software
        entry = rf"{software}\{PROGRAMS}\{product.CLWIN_ENTRY}"
        if files.in_use(product.CLWIN):
            return IN_USE
        if package.act == "uninstall":
            if not registry.delete(entry):
                return 1605
            files.delete_folder(product.CLWIN, deep=True)
            return package.code
        for path, content in product.clwin_files(package.version).items():
            files.make_folder(paths.parent(path))
            files.write(path, content)
        registry.set(entry, "DisplayName", "JobCenter CL/Win")
        registry.set(entry, "DisplayVersion", package.version[1:])
        registry.set(rf"{software}\{product.CLWIN_KEY}", "Version", package.version[1:])
        return package.code
