"""Whether a text for a shell is one that the console may send: it parses, and does nothing that the console never does.

The rules: no deletion by wildcard, no whole folder deleted that the text does not spell out, no `cd` that the next line
depends on, no command outside known_commands.yaml. Nothing is run. The rules themselves are in syntax_sh.py,
syntax_powershell.py and syntax_cmd.py, their sentences in complaints.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from app.domain.procedure import Shell
from app.procedures.complaints import Complaint, Unlisted
from app.procedures.syntax_cmd import cmd_problems
from app.procedures.syntax_powershell import powershell_problems
from app.procedures.syntax_sh import sh_problems

_RULES: Mapping[Shell, Callable[[str], Iterator[Complaint]]] = {
    "sh": sh_problems,
    "powershell": powershell_problems,
    "cmd": cmd_problems,
}


def problems(shell: Shell, text: str, *, own: bool = False) -> list[Complaint]:
    """What is wrong with a text for that shell, each with its line, in both languages; [] for one that may be sent.

    `own`: an organisation's text, which may use commands of its own; everything else holds for it, too."""
    found = dict.fromkeys(_RULES[shell](text))
    return [told for told in found if not (own and isinstance(told, Unlisted))]
