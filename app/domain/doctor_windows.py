"""What the connection doctor asks of a Windows node: PowerShell 2.0 and later that changes nothing, and what the answers mean.

The first text keeps to what a ConstrainedLanguage session allows (no .NET), so that such a node can say what it is. In the
others each question fails for itself: `word ?`. Nothing localised is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.domain.answers import closed
from app.domain.cluster import Cluster, Node
from app.domain.doctor import Finding, finding, unread
from app.domain.doctor_disk import Free, disk
from app.domain.doctor_unix import encoding, left, zone
from app.domain.procedure import CommandText
from app.domain.shell import powershell, powershell_header, powershell_word

Answers = Mapping[str, list[str]]
LINES = ("rights", "scheduler", "spool", "left", "boot", "zone", "encoding", "disk")
"""What the main text answers."""
PAGES = {"932": "cp932", "65001": "utf-8", "51932": "euc-jp", "20932": "euc-jp"}
_SECURE = re.compile(r"O:(BA|SY)D:P[AIR]*(\(A;OICI;FA;;;(SY|BA)\)){2}")
"""As the guard makes its folders, and the only access list with which it uses one (guard.ps1, Protect-Folder)."""

_PRELUDE = """\
$ErrorActionPreference = 'Stop'
$WarningPreference = 'SilentlyContinue'
$ProgressPreference = 'SilentlyContinue'
function Ask([string]$word, [scriptblock]$question) {
  try { foreach ($told in @(& $question)) { Write-Output ($word + ' ' + [string]$told) } } catch { Write-Output ($word + ' ?') }
}"""

_QUESTIONS = """\
Ask 'elevated' {
  $who = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
  if ($who.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) { 'yes' } else { 'no' }
}
Ask 'page' {
  $pages = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey('SYSTEM\\CurrentControlSet\\Control\\Nls\\CodePage')
  [string]$pages.GetValue('OEMCP')
}
Ask 'boot' { [string](Get-WmiObject Win32_OperatingSystem).LastBootUpTime }
Ask 'zone' { [string](Get-WmiObject Win32_OperatingSystem).CurrentTimeZone }
Ask 'schedule' {
  [void][Reflection.Assembly]::LoadWithPartialName('System.ServiceProcess')
  $found = @([ServiceProcess.ServiceController]::GetServices() | Where-Object { $_.ServiceName -eq 'Schedule' })
  if ($found.Count -eq 0) { 'absent' } else { [string]$found[0].Status }
}
Ask 'tasks' {
  if (Get-Command Register-ScheduledTask -ErrorAction SilentlyContinue) { 'module' }
  elseif ([IO.File]::Exists([Environment]::GetFolderPath('System') + '\\schtasks.exe')) { 'schtasks' }
  else { 'none' }
}
function Get-Access([string]$path) {
  if ([IO.File]::Exists($path)) { return 'file' }
  if (-not [IO.Directory]::Exists($path)) { return 'absent' }
  if (([int][IO.File]::GetAttributes($path) -band 1024) -ne 0) { return 'link' }
  return [IO.Directory]::GetAccessControl($path).GetSecurityDescriptorSddlForm('Owner, Access')
}
$parent = [Environment]::GetFolderPath('CommonApplicationData') + '\\Tejun'
if ($base -eq '') { $base = "$parent\\spool"; Ask 'spool' { Get-Access $parent } }
Ask 'spool' { Get-Access $base }
Ask 'path' { $base }
Ask 'left' {
  if (-not [IO.Directory]::Exists($base)) { return 0 }
  @([IO.Directory]::GetDirectories($base) | Where-Object { $_ -notlike '*\\ended' }).Count
}
Ask 'free' {
  foreach ($place in $places + $base) {
    $drive = New-Object IO.DriveInfo ([IO.Path]::GetPathRoot($place))
    [string][int64][Math]::Floor($drive.AvailableFreeSpace / 1024) + ' ' + $place
  }
}
Ask 'used' {
  foreach ($view in 'SOFTWARE', 'SOFTWARE\\Wow6432Node') {
    $list = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey("$view\\Microsoft\\Windows\\CurrentVersion\\Uninstall")
    if ($null -eq $list) { continue }
    foreach ($entry in $list.GetSubKeyNames()) {
      $key = $list.OpenSubKey($entry)
      $size = $key.GetValue('EstimatedSize')
      if ([string]$key.GetValue('DisplayName') -like '*JobCenter*' -and $null -ne $size) { [string]$size }
    }
  }
}"""


def shell_question() -> CommandText:
    """Version, language mode and bits, without .NET."""
    return powershell(f"""\
{powershell_header("doctor_shell")}
Write-Output ('version ' + $PSVersionTable.PSVersion.Major + '.' + $PSVersionTable.PSVersion.Minor)
Write-Output ('language ' + $ExecutionContext.SessionState.LanguageMode)
if ($env:PROCESSOR_ARCHITEW6432) {{ Write-Output 'bits wow' }}
elseif ($env:PROCESSOR_ARCHITECTURE -eq 'x86') {{ Write-Output 'bits 32' }}
else {{ Write-Output 'bits 64' }}
Write-Output '#end'""")


def questions(cluster: Cluster, spool: str | None) -> CommandText:
    """Everything about the node itself. `spool`: the guard's folder where it is not the default one."""
    places = ", ".join(powershell_word(cluster.path(name)) for name in ("install", "packages"))
    values = f"$base = {powershell_word(spool or '')}\n$places = @({places})"
    return powershell(
        "\n".join((powershell_header("doctor"), _PRELUDE, values, _QUESTIONS, "Write-Output '#end'"))
    )


def hop_question() -> CommandText:
    """The cluster's nodes, through the same way as every command: what needs a second hop fails here too."""
    return powershell(f"""\
{powershell_header("doctor_hop")}
{_PRELUDE}
try {{
  if (@(Get-Module -ListAvailable -Name FailoverClusters).Count -eq 0) {{ Write-Output 'module none' }}
  else {{
    Import-Module FailoverClusters
    foreach ($node in @(Get-ClusterNode)) {{ Write-Output ('node ' + [string]$node.State + ' ' + $node.Name) }}
  }}
}} catch {{ Write-Output ('failed ' + [string]$_.Exception.Message.Split("`n")[0].Trim()) }}
Write-Output '#end'""")


def answers(stdout: bytes, exit_status: int, question: str) -> Answers | None:
    """The words of a whole answer, each with what stands behind it, line by line. None for anything else."""
    read = closed(stdout, exit_status, question)
    if read is None:
        return None
    told: dict[str, list[str]] = {}
    for line in read[1]:
        key, _, value = line.partition(" ")
        told.setdefault(key, []).append(value)
    return told


def judge_shell(told: Answers) -> list[Finding]:
    """Shell and language mode."""
    version, bits, mode = (_one(told, key) for key in ("version", "bits", "language"))
    if not re.fullmatch(r"[0-9]+\.[0-9]+", version) or bits not in ("32", "64", "wow"):
        return [unread("shell")]
    case = {"64": "powershell", "32": "32bit", "wow": "wrong_bits"}[bits]
    if int(version.partition(".")[0]) < 2:
        case = "old"
    language = (
        finding("language.full")
        if mode == "FullLanguage"
        else finding("language.limited", mode=mode)
        if mode
        else unread("language")
    )
    return [finding(f"shell.{case}", version=version), language]


def judge(told: Answers, node: Node, cluster: Cluster, expected_minutes: int) -> list[Finding]:
    """The lines of the main text. `expected_minutes`: how far the cluster file's zone is from UTC now."""
    elevated, minutes, boot = _one(told, "elevated"), _one(told, "zone"), _one(told, "boot")
    rights = {"yes": finding("rights.administrator"), "no": finding("rights.filtered")}
    count = _one(told, "left")
    return [
        rights.get(elevated) or unread("rights"),
        _scheduler(told),
        _spool(told),
        left(int(count)) if count.isdigit() else unread("left"),
        finding("boot.read", told=boot) if re.fullmatch(r"[0-9]{14}\S*", boot) else finding("boot.none"),
        zone(int(minutes), expected_minutes, cluster)
        if re.fullmatch(r"-?[0-9]{1,4}", minutes)
        else unread("zone"),
        _encoding(told, node),
        _disk(told),
    ]


def _one(told: Answers, key: str) -> str:
    """The one value of a word; "" where there is none or several, or the question failed."""
    values = told.get(key, [])
    return values[0] if len(values) == 1 and values[0] != "?" else ""


def _scheduler(told: Answers) -> Finding:
    state, way = _one(told, "schedule"), _one(told, "tasks")
    if not state or way not in ("module", "schtasks", "none"):
        return unread("scheduler")
    return finding(f"scheduler.{way}") if state == "Running" else finding("scheduler.stopped", state=state)


def _spool(told: Answers) -> Finding:
    path, seen = _one(told, "path"), told.get("spool", [])
    if not path or not seen or "?" in seen:
        return unread("spool")
    if "file" in seen:
        return finding("spool.blocked", path=path)
    wrong = [each for each in seen if each != "absent" and not _SECURE.fullmatch(each)]
    if wrong:
        return finding("spool.foreign", path=path, detail=wrong[0])
    return finding("spool.can_be_made" if seen[-1] == "absent" else "spool.ready", path=path)


def _encoding(told: Answers, node: Node) -> Finding:
    page = _one(told, "page")
    if not page.isdigit():
        return unread("encoding")
    if page != "932":
        return finding("encoding.other", page=page)
    return encoding(page, PAGES.get(page), False, node)


def _disk(told: Answers) -> Finding:
    rows = [value.partition(" ") for value in told.get("free", [])]
    if not rows or any(not kib.isdigit() for kib, _, _ in rows):
        return unread("disk")
    used = [int(value) for value in told.get("used", []) if value.isdigit()]
    free = [Free(place, int(kib)) for kib, _, place in rows]
    return disk(free, sum(used) if used else None)


def judge_hop(stdout: bytes, exit_status: int, cluster: Cluster) -> Finding:
    """What the cluster said of its nodes."""
    told = answers(stdout, exit_status, "doctor_hop")
    if told is None:
        return unread("hop")
    if "module" in told:
        return finding("hop.no_module")
    if "failed" in told:
        return finding("hop.refused", detail=told["failed"][0][:200])
    states = [value.partition(" ")[0] for value in told.get("node", [])]
    if not states:
        return unread("hop")
    if len(states) != len(cluster.nodes):
        return finding("hop.count", count=len(states), expected=len(cluster.nodes))
    return finding("hop.answers", count=len(states), up=states.count("Up"))
