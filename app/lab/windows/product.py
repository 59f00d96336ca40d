"""JobCenter on a Windows node by version: its files, registry keys, services and processes. Pure.

From facts-and-errata 1.4 and the manual's chapters 1 and 2: folders, DLLs, registry keys, the service's name from R12.8 on,
port 607. The names of processes, of the service up to R12.7, and of JobCenter's own files are the lab's.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.lab.product import parts
from app.lab.windows.files import image

INSTALL, CLWIN = r"C:\JobCenter\SV", r"C:\JobCenter\CL"
PACKAGES, SAVES = r"C:\JobCenter\packages", r"C:\JobCenter\saves"
WINDOWS = r"C:\Windows"
SERVICE, OLD_SERVICE = "JobCenter", "TejunLabLocalSite"
PORT = 607
SERVER_KEY, CLWIN_KEY = r"NEC\NetShepherd\SV", "NEC\\JobCenter(CL/Win)"
SERVER_ENTRY, CLWIN_ENTRY = "{TEJUN-LAB-MGSV}", "{TEJUN-LAB-CLWIN}"
SCRIPT = "JobCenterCluster.vbs"
RESOURCE_DLLS = ("jobcentercluster.dll", "jobcenterclusterex.dll")
_DAEMONS = ("nqsd", "jnwcaster", "jnwengine", "comagent")
_COMMANDS = ("jc_check", "cjcmksite")


@dataclass(frozen=True)
class Edition:
    """One version for one kind of processor: x86, x64, ipf, ipf32 (32-bit code on Itanium)."""

    version: str
    arch: str

    @property
    def line(self) -> tuple[int, ...]:
        """The first two parts."""
        return parts(self.version)[:2]

    @property
    def system(self) -> str:
        """Where its DLLs go: what the manual has for x86 and x64, and for Itanium (1.1.2 and 1.1.3)."""
        return WINDOWS + (r"\SysWOW64" if self.arch.startswith("ipf") else r"\System32")

    @property
    def software(self) -> str:
        """The registry's folder of its keys."""
        return r"HKLM\SOFTWARE" + (r"\Wow6432Node" if self.arch.startswith("ipf") else "")

    @property
    def service(self) -> str:
        """Its service: JobCenter from R12.8 on, before that a name of the lab's own."""
        return SERVICE if self.line >= (12, 8) else OLD_SERVICE

    @property
    def old_type(self) -> bool:
        """Whether cluster sites are resources of the type JobCenterCluster (1.1.2: up to R12.4.0, on x86 and x64)."""
        return parts(self.version) <= (12, 4, 0) and not self.arch.startswith("ipf")

    @property
    def dlls(self) -> tuple[str, ...]:
        """The resource DLLs in %SystemRoot%\\cluster: up to R12.4.x (erratum D5)."""
        return RESOURCE_DLLS if self.line <= (12, 4) and not self.arch.startswith("ipf") else ()

    @property
    def starts_by_itself(self) -> bool:
        """Whether its local site is up after an installation or a patch (2.2.2 step 4: up to R12.7)."""
        return self.line <= (12, 7)

    @property
    def data(self) -> str:
        """The format of its site databases: each line has its own up to R12.10, all from R13.1 on have one (1.1.1.2 step 7)."""
        return f"{self.line[0]}.{self.line[1]}" if self.line < (13, 1) else "13.1"

    def daemons(self) -> tuple[str, ...]:
        """The images of one site's processes."""
        return tuple(rf"{INSTALL}\bin\{name}.exe" for name in _DAEMONS)

    def files(self) -> dict[str, bytes]:
        """Everything of MG/SV, by path; a patch brings the same files with its own version."""
        number = self.version[1:]
        found = {path: image(path.rpartition("\\")[2], number) for path in self.daemons()}
        for name in _COMMANDS:
            found[rf"{INSTALL}\bin\{name}.exe"] = image(f"{name}.exe", number)
        found[rf"{INSTALL}\ins\{SCRIPT}"] = f"' {SCRIPT} {self.version}\r\n".encode()
        found[rf"{INSTALL}\spool\private\0000001.req"] = b"0000001\r\n"
        found[rf"{self.system}\necjsock.dll"] = image("necjsock.dll", number)
        for name in self.dlls:
            found[rf"{WINDOWS}\cluster\{name}"] = image(name, number)
        return found

    def kept(self) -> dict[str, bytes]:
        """What an uninstallation leaves lying, besides the DLLs (1.1.2.1 steps 6 to 8, 1.1.3.1 steps 5 and 6)."""
        return {
            rf"{self.system}\necjclog\necjc.log": b"",
            rf"{self.system}\necjcunsetup\unsetup.ini": b"[lab]\r\n",
        }


def clwin_files(version: str) -> dict[str, bytes]:
    """CL/Win's files."""
    return {rf"{CLWIN}\bin\clwin.exe": image("clwin.exe", version[1:])}
