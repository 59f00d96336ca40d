"""The WinRM service of a simulated Windows node: WSMan over HTTP and HTTPS, WinRS and PSRP, that unmodified clients talk to.

    Endpoint("NODE1", scripts, Accounts({"Administrator": "…"}), certificate=Authority.make().node("node1")).start()

Who runs the scripts is a ScriptHost, and no business of this package.
"""

from app.lab.winrm.accounts import Accounts
from app.lab.winrm.authentication import Keytab
from app.lab.winrm.certificates import Authority, Certificate, self_signed
from app.lab.winrm.endpoint import Configuration, Endpoint
from app.lab.winrm.faults import Faults
from app.lab.winrm.registry import Patience, Quotas
from app.lab.winrm.scripts import Console, ConsoleCommand, Login, ScriptHost, Statement

__all__ = [
    "Accounts",
    "Authority",
    "Certificate",
    "Configuration",
    "Console",
    "ConsoleCommand",
    "Endpoint",
    "Faults",
    "Keytab",
    "Login",
    "Patience",
    "Quotas",
    "ScriptHost",
    "Statement",
    "self_signed",
]
