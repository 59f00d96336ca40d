"""The lab's own commands for what chapters 1 and 2 hand off to other documents, and the overlay file that says so.

The installers, jc_check's and cjcmksite's forms are the lab's; none of them is NEC's. Runs nothing.
"""

from __future__ import annotations

from typing import Any

import yaml

from app.lab.model import Lab

Command = tuple[str, str]
"""Shell and text."""


def _run(file: str) -> str:
    """Run one of the lab's packages, and end where it failed."""
    return (
        f"$file = [IO.Path]::Combine([[packages]], {file})\n"
        "$done = Start-Process -FilePath $file -ArgumentList '/s' -Wait -PassThru\n"
        'Write-Output "$file ended with $($done.ExitCode)"\n'
        "if (0, 3010, 1641 -notcontains $done.ExitCode) { exit $done.ExitCode }"
    )


def _ended(text: str) -> str:
    """The same, ending as the last package ended: 3010 and 1641 are for whoever runs it to tell from 0."""
    return f"{text}\nexit $done.ExitCode" if "$done" in text else text


_INSTALL = _run("'jc-mgsv-' + [[to]] + '.exe'")
_CLWIN = _run("'jc-clwin-' + [[to]] + '.exe'")
_UNINSTALL, _UNINSTALL_CLWIN = _run("'jc-mgsv-uninstall.exe'"), _run("'jc-clwin-uninstall.exe'")
_SAVE = """\
$save = [IO.Path]::Combine([[saves]], 'nqs-local')
[void][IO.Directory]::CreateDirectory($save)
Copy-Item -LiteralPath ([IO.Path]::Combine([[install]], 'spool')) -Destination $save -Recurse -Force"""
_SAVE_ALL = _SAVE + "\n[void][IO.Directory]::CreateDirectory([IO.Path]::Combine([[saves]], 'nqs-cluster'))"
_RESTORE = """\
$save = [IO.Path]::Combine([[saves]], 'nqs-local\\spool')
Copy-Item -LiteralPath $save -Destination [[install]] -Recurse -Force"""
_DATABASE = """\
& ([IO.Path]::Combine([[install]], 'bin\\cjcmksite.exe')) [[database]]
if ($LASTEXITCODE -ne 0) { throw "cjcmksite ended with $LASTEXITCODE" }"""
_SCRIPT = """\
$from = [IO.Path]::Combine([[install]], 'ins\\JobCenterCluster.vbs')
Copy-Item -LiteralPath $from -Destination [[script]] -Force"""
_RESOURCE = f"""\
{_SCRIPT}
Import-Module FailoverClusters
$needed = @(Get-ClusterGroup -Name [[group]] | Get-ClusterResource | Where-Object {{
  @('Physical Disk', 'Network Name') -contains $_.ResourceType.Name
}} | ForEach-Object {{ '[' + $_.Name + ']' }})
$resource = Add-ClusterResource -Name [[resource]] -ResourceType 'Generic Script' -Group [[group]]
$resource | Set-ClusterParameter -Name ScriptFilePath -Value [[script]] -Create
$resource | Set-ClusterParameter -Name SiteName -Value [[virtual_host]] -Create
$resource | Set-ClusterParameter -Name DBPath -Value [[database]] -Create
[void](Set-ClusterResourceDependency -Resource [[resource]] -Dependency ([string]::Join(' and ', [string[]]$needed)))"""
_SETTINGS = r"[[install]]\bin\jc_check.exe -l > [[saves]]\jc_check-local.txt"
_SETTINGS_ALL = rf"""\
{_SETTINGS}
if errorlevel 1 exit /b 1
set "NQS_SITE=x"
[[install]]\bin\jc_check.exe -l > [[saves]]\jc_check-[[site]].txt""".replace("\\\n", "", 1)
_DLLS = """\
$names = "jobcentercluster.dll`r`njobcenterclusterex.dll`r`n"
$file = [IO.Path]::Combine([[saves]], 'dlls-to-delete.txt')
[IO.File]::WriteAllBytes($file, [Text.Encoding]::ASCII.GetBytes($names))"""
_NOTHING = "Write-Output 'The start script lies on the shared disk: nothing to do here.'"

_POWERSHELL: dict[str, tuple[str, ...]] = {
    _INSTALL: (
        "1.1.1.1-2", "1.1.1.2-5", "1.1.2.1a-9", "1.1.2.2a-12", "1.1.2.1b-4", "1.1.2.2b-7", "1.2.2.1-6", "1.2.2.2-8", "1.3.1-2",
        "1.3.3-2", "2.1.1-3", "2.1.2-5", "2.2.2-3", "2.2.3-6", "2.3.1-3", "2.3.3-3",
    ),
    _CLWIN: ("1.1.2.1a-8+1", "1.1.2.2a-11+1"),
    _UNINSTALL: ("1.1.2.1a-5", "1.1.2.2a-8", "1.1.3.1-4", "1.1.3.2-7", "1.1.4.1-4", "1.1.4.2-5"),
    _UNINSTALL_CLWIN: ("1.1.2.1a-5+1", "1.1.2.2a-8+1", "1.1.3.1-4+2", "1.1.3.2-7+2", "1.1.4.1-5", "1.1.4.2-6"),
    _SAVE: ("1.1.2.1a-2",),
    _SAVE_ALL: ("1.1.2.2a-4",),
    _RESTORE: ("1.1.2.1a-13", "1.1.2.2a-15"),
    _DATABASE: (
        "1.1.1.2-7", "1.1.2.2a-13", "1.1.2.2b-8", "1.1.3.2-11", "1.1.4.2-10", "1.2.2.2-9", "2.1.2-6", "2.2.3-7",
    ),
    _RESOURCE: ("1.1.2.2a-16", "1.1.2.2b-9", "1.2.2.2-10"),
    _DLLS: ("1.2.2.1-4+1", "1.2.2.2-6+1"),
    _NOTHING: ("1.1.2.1a-10", "1.1.2.1b-5", "1.2.2.1-9"),
}  # fmt: skip
_ITANIUM = ("1.1.3.1-7", "1.1.3.2-10", "1.1.4.1-6", "1.1.4.2-8")
"""Where MG/SV and CL/Win are one step."""
_CMD: dict[str, tuple[str, ...]] = {
    _SETTINGS: ("1.1.3.1-2", "1.1.4.1-2"),
    _SETTINGS_ALL: ("1.1.3.2-4", "1.1.4.2-4"),
}


def commands(clwin: bool, cmdlets: bool = True) -> dict[str, Command]:
    """Place of the step -> shell and text of what is run there. `clwin`: whether CL/Win is on the nodes; `cmdlets`: whether
    they have those of the cluster, without which a person makes the resource in the cluster's manager."""
    known = {_ended(text): places for text, places in _POWERSHELL.items() if cmdlets or text != _RESOURCE}
    found = {place: ("powershell", text) for text, places in known.items() for place in places}
    both = _ended(f"{_CLWIN}\n{_INSTALL}" if clwin else _INSTALL)
    found |= dict.fromkeys(_ITANIUM, ("powershell", both))
    found |= {place: ("cmd", text) for text, places in _CMD.items() for place in places}
    return found


def overlay_file(lab: Lab) -> str:
    """The overlay file for the console, as YAML: the sections of the lab's platform, and CL/Win's where it has it."""
    chapter = "1." if lab.platform == "wsfc" else "2."
    steps = {
        place: {"command": {"shell": shell, "text": text}}
        for place, (shell, text) in sorted(commands(lab.clwin, lab.windows not in ("2003", "2008")).items())
        if place.startswith(chapter)
    }  # fmt: skip
    content: dict[str, Any] = {"schema": 1, "name": f"{lab.name}-lab", "clusters": [lab.name], "steps": steps}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
