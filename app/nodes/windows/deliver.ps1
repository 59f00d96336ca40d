# tejun deliver v1
# How a package is looked at, written and finally named on a node. PowerShell 2.0 to 5.1. Sent anew for every call; stays nowhere.
#   look     what is there of -Path, of the part beside it (.tejun-SHORT.part), and how much space is free; changes nothing
#   open     the part is there, empty where it was not
#   write    -Data (base64) into the part at -Offset: the same bytes at the same place twice do no harm
#   publish  the part, if it has the digest -Sha256, gets the name -Path; never in place of another file
#   drop     the part goes
# Answers are lines "tejun NONCE WORD VALUE", the last one "tejun NONCE end .".
param(
  [string]$Verb, [string]$Nonce, [string]$Path, [string]$Sha256, [string]$Short, [long]$Size, [long]$Offset, [string]$Data
)
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
$folder = [IO.Path]::GetDirectoryName($Path)
$part = [IO.Path]::Combine($folder, ".tejun-$Short.part")

function Say([string]$words) { Write-Output "tejun $Nonce $words" }

function Get-Size([string]$file) { # by opening it: a folder's entry lags behind while somebody writes
  $stream = [IO.File]::Open($file, 'Open', 'Read', 'ReadWrite')
  try { return $stream.Length } finally { $stream.Close() }
}

function Get-Digest([string]$file) {
  $stream = [IO.File]::Open($file, 'Open', 'Read', 'ReadWrite')
  try { $bytes = [Security.Cryptography.SHA256]::Create().ComputeHash($stream) } finally { $stream.Close() }
  return [BitConverter]::ToString($bytes).Replace('-', '').ToLowerInvariant()
}

function Test-Plain([string]$file) { # a file, and no link
  return [IO.File]::Exists($file) -and (([int][IO.File]::GetAttributes($file) -band 1024) -eq 0)
}

function Test-There([string]$place) { return [IO.File]::Exists($place) -or [IO.Directory]::Exists($place) }

function Test-Same { # the digest is asked for only where the size fits
  return (Test-Plain $Path) -and ((Get-Size $Path) -eq $Size) -and ((Get-Digest $Path) -eq $Sha256)
}

function Look {
  if (-not [IO.Directory]::Exists($folder)) { Say 'there no_folder'; return }
  if (Test-Same) { Say 'there same' } elseif (Test-There $Path) { Say 'there other' } else { Say 'there absent' }
  if (Test-Plain $part) { Say "part $(Get-Size $part)" } else { Say 'part 0' }
  $free = '?'
  try { $free = (New-Object IO.DriveInfo ([IO.Path]::GetPathRoot($Path))).AvailableFreeSpace } catch { $free = '?' }
  Say "free $free"
}

function Open {
  if (-not (Test-There $part)) { [IO.File]::Open($part, 'CreateNew', 'Write', 'ReadWrite').Close() }
  if (Test-Plain $part) { Say "part $(Get-Size $part)" } else { Say 'part foreign' }
}

function Write-Part { # on the disk when this returns
  $bytes = [Convert]::FromBase64String($Data)
  $stream = New-Object IO.FileStream -ArgumentList $part, 'Open', 'Write', 'ReadWrite', 4096, 'WriteThrough'
  try {
    [void]$stream.Seek($Offset, 'Begin')
    $stream.Write($bytes, 0, $bytes.Length)
  } finally { $stream.Close() }
}

function Publish {
  if (-not (Test-Plain $part)) { Say 'named no'; return }
  if ((Get-Digest $part) -ne $Sha256) { Say 'named differs'; return }
  if (-not (Test-There $Path)) {
    try { [IO.File]::Move($part, $Path) } catch { if (-not (Test-There $Path)) { throw } } # it refuses a name that is taken
  }
  if (Test-Same) {
    if (Test-Plain $part) { [IO.File]::Delete($part) }
    Say 'named yes'
  } elseif (Test-There $Path) { Say 'named other' } else { Say 'named no' }
}

try {
  if ($Verb -eq 'look') { Look }
  elseif ($Verb -eq 'open') { Open }
  elseif ($Verb -eq 'write') { Write-Part }
  elseif ($Verb -eq 'publish') { Publish }
  elseif ($Verb -eq 'drop') { if (Test-Plain $part) { [IO.File]::Delete($part) } }
  else { throw "no verb $Verb" }
} catch {
  $said = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes([string]$_))
  Say "failed $said"
}
Say 'end .'
