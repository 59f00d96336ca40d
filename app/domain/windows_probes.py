"""The texts of the read-only probes for Windows nodes: PowerShell 2.0 and later. probes.py says which question each answers.

.NET is asked rather than cmdlets: its names are English on every Windows, it knows no wildcards, and it tells "not there"
from "not allowed to look". Any error ends the script with exit status 1: there is never half an answer. A 32-bit PowerShell
on 64-bit Windows is refused, since it would be shown other folders and registry keys (erratum E2).
"""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.cluster import Cluster
from app.domain.errors import Invalid
from app.domain.shell import file_names, powershell_header, powershell_word

Params = Mapping[str, str]

_KIND = """\
function Get-Kind([string]$path) {
  try { if (([int][IO.File]::GetAttributes($path) -band 16) -ne 0) { 'folder' } else { 'file' } }
  catch [IO.FileNotFoundException] { 'absent' }
  catch [IO.DirectoryNotFoundException] { 'absent' }
}"""

_DIGEST = """\
function Get-Sha256([string]$path) {
  $stream = [IO.File]::Open($path, 'Open', 'Read', 'ReadWrite')
  try { $bytes = [Security.Cryptography.SHA256]::Create().ComputeHash($stream) } finally { $stream.Close() }
  'sha256:' + [BitConverter]::ToString($bytes).Replace('-', '').ToLowerInvariant()
}"""

_PROGRAMS = """\
foreach ($view in 'SOFTWARE', 'SOFTWARE\\Wow6432Node') {
  $list = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey("$view\\Microsoft\\Windows\\CurrentVersion\\Uninstall")
  if ($null -eq $list) { continue }
  foreach ($entry in $list.GetSubKeyNames()) {
    $key = $list.OpenSubKey($entry)
    $name = [string]$key.GetValue('DisplayName')
    if ($name -like '*JobCenter*') { Write-Output ([string]$key.GetValue('DisplayVersion') + ' ' + $name) }
  }
}"""

_HIVES = {
    "HKLM": "LocalMachine",
    "HKEY_LOCAL_MACHINE": "LocalMachine",
    "HKCU": "CurrentUser",
    "HKEY_CURRENT_USER": "CurrentUser",
    "HKCR": "ClassesRoot",
    "HKEY_CLASSES_ROOT": "ClassesRoot",
    "HKU": "Users",
    "HKEY_USERS": "Users",
}


def _script(first: str, *parts: str) -> str:
    """The whole text: strictness, the header, the question, and the end that says that all of it was answered."""
    return "\n".join(
        (
            "$ErrorActionPreference = 'Stop'",
            "trap { [Console]::Error.WriteLine([string]$_); exit 1 }",
            "if ($env:PROCESSOR_ARCHITEW6432) { throw 'a 32-bit PowerShell on 64-bit Windows' }",
            first,
            *parts,
            "Write-Output '#end'",
        )
    )


def service(params: Params, _cluster: Cluster) -> str:
    """One service's state, by its name (not the name that is displayed), from the list of all services."""
    return _script(
        powershell_header("service", params["name"]),
        "[void][Reflection.Assembly]::LoadWithPartialName('System.ServiceProcess')",
        f"$name = {powershell_word(params['name'])}",
        "$found = @([ServiceProcess.ServiceController]::GetServices() | Where-Object { $_.ServiceName -eq $name })",
        "if ($found.Count -eq 0) { Write-Output 'absent' } else { Write-Output ([string]$found[0].Status) }",
    )


def environment(_params: Params, _cluster: Cluster) -> str:
    """Whether exactly NQS_SITE is set in this session, for the machine, for this user. Set but empty is set (errata E3, E4)."""
    return _script(
        powershell_header("environment"),
        "foreach ($place in 'session', 'machine', 'user') {",
        "  $scope = @{ session = 'Process'; machine = 'Machine'; user = 'User' }[$place]",
        "  $value = [Environment]::GetEnvironmentVariable('NQS_SITE', $scope)",
        '  if ($null -eq $value) { Write-Output "clear:$place" } else { Write-Output "NQS_SITE:$place" }',
        "}",
    )


def versions(_params: Params, _cluster: Cluster) -> str:
    """The installed programs with JobCenter in their name, from both views of the registry."""
    return _script(powershell_header("versions"), _PROGRAMS)


def clwin(_params: Params, cluster: Cluster) -> str:
    """The same programs, and whether CL/Win's folder is there."""
    return _script(
        powershell_header("clwin"),
        _KIND,
        _PROGRAMS,
        f"$kind = Get-Kind {powershell_word(cluster.path('clwin'))}",
        "if ($kind -eq 'absent') { Write-Output 'no-folder' } else { Write-Output 'folder' }",
    )


def registry(params: Params, _cluster: Cluster) -> str:
    """Whether a key exists. Its name may contain "/", which the registry provider of PowerShell would take for a separator."""
    hive, _, below = params["key"].partition("\\")
    if hive.upper() not in _HIVES or not below:
        raise Invalid(
            "probe.registry",
            f"レジストリキー「{params['key']}」は HKLM\\… のように書いてください（{', '.join(_HIVES)}）。",
            f"Write the registry key {params['key']!r} as HKLM\\... ({', '.join(_HIVES)}).",
        )
    return _script(
        powershell_header("registry"),
        f"$key = [Microsoft.Win32.Registry]::{_HIVES[hive.upper()]}.OpenSubKey({powershell_word(below)})",
        "if ($null -eq $key) { Write-Output 'absent' } else { Write-Output 'present' }",
    )


def file(params: Params, _cluster: Cluster) -> str:
    """Whether a file is there, its digest, and the version that its resources state."""
    return _script(
        powershell_header("file"),
        _KIND,
        _DIGEST,
        f"$path = {_expanded(params['path'])}",
        "switch (Get-Kind $path) {",
        "  'absent' { Write-Output 'absent' }",
        "  'folder' { throw 'a folder' }",
        "  'file' {",
        "    Write-Output 'present'",
        "    Write-Output (Get-Sha256 $path)",
        "    $told = [Diagnostics.FileVersionInfo]::GetVersionInfo($path)",
        "    if ($told.FileVersion) {",
        "      $parts = $told.FileMajorPart, $told.FileMinorPart, $told.FileBuildPart, $told.FilePrivatePart",
        "      Write-Output ('fileversion:' + [string]::Join('.', [string[]]$parts))",
        "    }",
        "  }",
        "}",
    )


def package_file(params: Params, _cluster: Cluster) -> str:
    """Whether a package's file is there, and its digest."""
    return _script(
        powershell_header("package_file"),
        _KIND,
        _DIGEST,
        f"$path = {_expanded(params['file'])}",
        "switch (Get-Kind $path) {",
        "  'absent' { Write-Output 'missing' }",
        "  'folder' { throw 'a folder' }",
        "  'file' { Write-Output (Get-Sha256 $path) }",
        "}",
    )


def folder(params: Params, _cluster: Cluster) -> str:
    """Whether a folder is there. What is there but no folder is no answer."""
    return _folder("folder", params["path"])


def database(params: Params, _cluster: Cluster) -> str:
    """Whether a site's database is there."""
    return _folder("database", params["path"])


def _folder(probe: str, path: str) -> str:
    return _script(
        powershell_header(probe),
        _KIND,
        f"switch (Get-Kind {_expanded(path)}) {{",
        "  'absent' { Write-Output 'absent' }",
        "  'folder' { Write-Output 'present' }",
        "  'file' { throw 'a file' }",
        "}",
    )


def folder_files(params: Params, _cluster: Cluster) -> str:
    """Which of the names are in a folder, and which of them a process has loaded as a module, from wherever.

    The system's own processes 0 and 4 load none. Of a 32-bit process only wow64.dll is seen from here, so it counts as not
    read, as does every process that does not let itself be looked into."""
    names = file_names(params["names"])
    return _script(
        powershell_header("folder_files", *names),
        _KIND,
        f"$folder = {_expanded(params['folder'])}",
        f"$names = @({', '.join(map(powershell_word, names))})",
        "foreach ($name in $names) {",
        "  $word = 'present'",
        "  if ((Get-Kind ([IO.Path]::Combine($folder, $name))) -eq 'absent') { $word = 'absent' }",
        '  Write-Output "$word $name"',
        "}",
        "$loaded = @{}",
        "$unread = $false",
        "foreach ($process in [Diagnostics.Process]::GetProcesses()) {",
        "  if ($process.Id -eq 0 -or $process.Id -eq 4) { continue }",
        "  try {",
        "    foreach ($module in $process.get_Modules()) { $loaded[$module.ModuleName] = $true; "
        "if ($module.ModuleName -eq 'wow64.dll') { $unread = $true } }",
        "  } catch {",
        "    try { [void][Diagnostics.Process]::GetProcessById($process.Id); $unread = $true } catch [ArgumentException] { }",
        "  }",
        "}",
        'foreach ($name in $names) { if ($loaded.ContainsKey($name)) { Write-Output "loaded $name" } }',
        "if ($unread) { Write-Output 'modules unreadable' }",
    )


def port(params: Params, _cluster: Cluster) -> str:
    """Whether anything listens on a TCP port, from the system's own table (netstat's words are localised)."""
    return _script(
        powershell_header("port", params["port"]),
        f"$port = [int]{powershell_word(params['port'])}",
        "$all = [Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties().GetActiveTcpListeners()",
        "if (@($all | Where-Object { $_.Port -eq $port }).Count -gt 0) { Write-Output 'listening' } "
        "else { Write-Output 'closed' }",
    )


def mount(params: Params, _cluster: Cluster) -> str:
    """Whether the drive of a path is there and ready."""
    return _script(
        powershell_header("mount"),
        f"$drive = New-Object IO.DriveInfo ([IO.Path]::GetPathRoot({_expanded(params['path'])}))",
        "if ($drive.IsReady) { Write-Output 'mounted' } else { Write-Output 'unmounted' }",
    )


def disk(params: Params, cluster: Cluster) -> str:
    """Free space of the drives of the install and of the package folder, in KiB."""
    places = ", ".join(powershell_word(cluster.path(name)) for name in ("install", "packages"))
    return _script(
        powershell_header("disk", params["kib"]),
        f"foreach ($place in {places}) {{",
        "  $drive = New-Object IO.DriveInfo ([IO.Path]::GetPathRoot($place))",
        "  Write-Output ($drive.Name + ' ' + [string][int64][Math]::Floor($drive.AvailableFreeSpace / 1024))",
        "}",
    )


def rights(_params: Params, _cluster: Cluster) -> str:
    """Whether we are a member of Administrators with those rights in force (elevated)."""
    return _script(
        powershell_header("rights"),
        "$who = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())",
        "if ($who.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) { Write-Output 'administrator' }",
    )


def _expanded(path: str) -> str:
    """A path that may begin with %SystemRoot%: only the node knows where that is. In parentheses, since what begins with a
    bracket is a plain word where an argument stands."""
    word = powershell_word(path)
    return f"([Environment]::ExpandEnvironmentVariables({word}))" if path.startswith("%") else word
