# tejun guard v1
# Starts a command at most once per key, spools its output, and lets anybody follow it from any byte on. PowerShell 2.0 to 5.1.
#   run     starts -Payload if -Key was never claimed, then follows as attach does
#   attach  takes the following over, never starts; poll: goes on with it under the same -Nonce (CALLER-ORDER-RANDOM)
#   state | cancel | digest | remove
# Answers are lines "tejun NONCE WORD ..."; of the output: "tejun NONCE out|err OFFSET BASE64".
# SPOOL\KEY: claim.NONCE (a promise to start), claim (one of them, renamed by run.cmd: the commit point), payload.ps1 or
# payload.cmd, run.cmd, out, err, work\, status (by rename), sizes, owner
# SPOOL\ended\KEY: a grave: this key never starts again, although its folder is gone
param(
  [string]$Spool, [string]$Verb, [string]$Nonce, [string]$Key,
  [string]$Sha256, [string]$Shell, [string]$Payload, [string]$Runner, [string]$CodePage, [string]$RunAs, [string]$Password,
  [long]$FloorKib, [long]$Cap,
  [long]$Out, [long]$Err, [long]$Most, [int]$Hold,
  [string]$OutSha256, [string]$ErrSha256
)
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'

function Say([string]$words) { Write-Output "tejun $Nonce $words" }
function Fail([string]$words) { throw "tejun $words" }

function Read-Text([string]$path) { # '' where there is no such file
  if (-not [IO.File]::Exists($path)) { return '' }
  $stream = [IO.File]::Open($path, 'Open', 'Read', 'ReadWrite')
  try {
    $reader = New-Object IO.StreamReader $stream
    return $reader.ReadToEnd().Trim()
  } finally { $stream.Close() }
}

function Save-Once([string]$path, [byte[]]$bytes) { # on the disk and whole before it has its name, and never over another one
  $new = "$path.$Nonce"
  $stream = New-Object IO.FileStream -ArgumentList $new, 'Create', 'Write', 'None', 4096, 'WriteThrough'
  try { $stream.Write($bytes, 0, $bytes.Length) } finally { $stream.Close() }
  try { [IO.File]::Move($new, $path) } catch {
    if (-not [IO.File]::Exists($path)) { throw }
    [IO.File]::Delete($new)
  }
}

function Save-Line([string]$path, [string]$line) { Save-Once $path ([Text.Encoding]::ASCII.GetBytes("$line`r`n")) }

function ConvertTo-Hex([byte[]]$bytes) { return [BitConverter]::ToString($bytes).Replace('-', '').ToLowerInvariant() }

function Get-Sha256([byte[]]$bytes) { return ConvertTo-Hex ([Security.Cryptography.SHA256]::Create().ComputeHash($bytes)) }

function Get-Size([string]$path) { # by opening it: a folder's entry lags behind while somebody writes
  $stream = [IO.File]::Open($path, 'Open', 'Read', 'ReadWrite')
  try { return $stream.Length } finally { $stream.Close() }
}

function Read-Part([string]$path, [long]$from, [int]$count) { # exactly that many bytes, as base64
  $buffer = New-Object byte[] $count
  $stream = [IO.File]::Open($path, 'Open', 'Read', 'ReadWrite')
  try {
    [void]$stream.Seek($from, 'Begin')
    $got = 0
    while ($got -lt $count) {
      $read = $stream.Read($buffer, $got, $count - $got)
      if ($read -eq 0) { Fail "short $path" }
      $got += $read
    }
  } finally { $stream.Close() }
  return [Convert]::ToBase64String($buffer)
}

function Get-Boot { # when this system was started: 100 ns since the year 1, UTC
  $told = (Get-WmiObject Win32_OperatingSystem).LastBootUpTime
  return [Management.ManagementDateTimeConverter]::ToDateTime($told).ToUniversalTime().Ticks
}

function Test-OtherBoot([string]$boot) { # a clock that is set moves the time of the start: 20 seconds of it are no other one
  return [Math]::Abs((Get-Boot) - [long]$boot) -gt 200000000
}

function Protect-Folder([string]$path) { # for Administrators and SYSTEM alone; what somebody else has made there is not used
  if (-not [IO.Directory]::Exists($path)) {
    $acl = New-Object Security.AccessControl.DirectorySecurity
    $acl.SetSecurityDescriptorSddlForm('O:BAG:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)')
    [void][IO.Directory]::CreateDirectory($path, $acl)
  }
  if (([int][IO.File]::GetAttributes($path) -band 1024) -ne 0) { Fail "acl $path" }
  $told = [IO.Directory]::GetAccessControl($path).GetSecurityDescriptorSddlForm('Owner, Access')
  if ($told -notmatch '^O:(BA|SY)D:P[AIR]*(\(A;OICI;FA;;;(SY|BA)\)){2}$') { Fail "acl $path" }
}

function Protect-Spool {
  if ($own) { Protect-Folder $parent }
  Protect-Folder $base
  Protect-Folder "$base\ended"
}

function Split-Claim([string]$line) { # -> SHA256 CAP SHELL BOOT NONCE ".", or nothing where it is not that
  $words = $line -split ' '
  if ($words.Count -eq 6 -and $words[5] -eq '.') { return $words }
}

function Get-Promises { # the claims of all starts that may have been asked for, whether or not they were the first
  if (-not [IO.Directory]::Exists($dir)) { return }
  foreach ($path in [IO.Directory]::GetFiles($dir)) {
    $name = [IO.Path]::GetFileName($path)
    if ($name -eq 'claim' -or $name -like 'claim.*') { Write-Output (Read-Text $path) }
  }
}

# --- what is known --------------------------------------------------------------------------------------------------
function Read-End { # 'done RC OUT ERR OUT_DROPPED ERR_DROPPED' or 'unknown REASON' once the command has ended, '' before
  param([long]$cap)
  $rc = Read-Text "$dir\status"
  if ($rc -eq '') { return '' }
  if ($rc -notmatch '^-?[0-9]+ \.$') { return 'unknown bad_status' }
  if (-not [IO.File]::Exists("$dir\sizes")) { # fixed by the first who sees the end: what a service left behind writes later does not count
    Save-Line "$dir\sizes" ([string](Get-Size "$dir\out") + ' ' + [string](Get-Size "$dir\err") + ' .')
  }
  $sizes = @((Read-Text "$dir\sizes") -split ' ')
  if ($sizes.Count -ne 3) { return 'unknown bad_status' }
  $kept = @(); $over = @()
  foreach ($size in $sizes[0], $sizes[1]) {
    $most = [Math]::Min([long]$size, $cap)
    $kept += $most
    $over += [long]$size - $most
  }
  if ((Get-Size "$dir\out") -lt $kept[0] -or (Get-Size "$dir\err") -lt $kept[1]) { return 'unknown output_short' }
  return 'done ' + $rc.Split(' ')[0] + ' ' + $kept[0] + ' ' + $kept[1] + ' ' + $over[0] + ' ' + $over[1]
}

function Test-Alive { # run.cmd is there: the key on its command line is nobody else's
  $found = @(Get-WmiObject Win32_Process -Filter "Name = 'cmd.exe'" | Where-Object { [string]$_.CommandLine -like "*\$Key\run.cmd*" })
  return $found.Count -gt 0
}

function Look { # -> Word: absent | running | done ... | unknown REASON; and of a claim Sha256 and Cap
  $it = @{ Word = 'absent'; Sha256 = ''; Cap = 0 }
  $grave = Read-Text "$base\ended\$Key"
  if (-not [IO.File]::Exists("$dir\claim")) {
    if ($grave -ne '') { $it.Word = "unknown $grave"; return $it }
    foreach ($line in @(Get-Promises)) { # its rename may have been lost with the power, and the command not
      $words = @(Split-Claim $line)
      if ($words.Count -eq 6 -and (Test-OtherBoot $words[3])) { $it.Word = 'unknown other_boot' }
    }
    return $it
  }
  $words = @(Split-Claim (Read-Text "$dir\claim"))
  if ($words.Count -ne 6) { $it.Word = 'unknown bad_claim'; return $it }
  $it.Sha256 = $words[0]
  $it.Cap = [long]$words[1]
  $it.Word = Read-End $it.Cap
  if ($it.Word -ne '') { return $it }
  if (Test-Alive) { $it.Word = 'running'; return $it }
  $it.Word = Read-End $it.Cap # it may have ended between the two looks
  if ($it.Word -ne '') { return $it }
  if ($grave -ne '') { $it.Word = 'unknown cancelled' }
  elseif (Test-OtherBoot $words[3]) { $it.Word = 'unknown other_boot' }
  else { $it.Word = 'unknown no_process' }
  return $it
}

function Save-Grave([string]$word) { # no runner that comes late may start this key
  Protect-Spool
  Save-Line "$base\ended\$Key" $word
}

# --- start ----------------------------------------------------------------------------------------------------------
function Start-Command { # every refusal comes before the promise
  Protect-Spool
  $limit = $Cap
  if ($FloorKib -gt 0) {
    $drive = New-Object IO.DriveInfo ([IO.Path]::GetPathRoot($base))
    $free = [long][Math]::Floor($drive.AvailableFreeSpace / 1024)
    if ($free -lt $FloorKib) { Fail "nospace $free" }
    $quarter = [long][Math]::Floor($free / 4) # two full outputs may take half of what is free, not all of it
    if ($quarter * 1024 -lt $limit) { $limit = $quarter * 1024 }
  }
  if ($CodePage -ne '') { # cmd.exe reads its files in this code page
    $pages = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey('SYSTEM\CurrentControlSet\Control\Nls\CodePage')
    $told = [string]$pages.GetValue('OEMCP')
    if ($told -ne $CodePage) { Fail "code_page $told" }
  }
  $bytes = [Convert]::FromBase64String($Payload)
  if ((Get-Sha256 $bytes) -ne $Sha256) { Fail 'bad_payload' }
  [void][IO.Directory]::CreateDirectory($dir)
  $file = "$dir\payload.cmd"
  if ($Shell -eq 'powershell') { $file = "$dir\payload.ps1" }
  Save-Once $file $bytes
  if ((Get-Sha256 ([IO.File]::ReadAllBytes($file))) -ne $Sha256) { Fail 'other_payload' }
  Save-Once "$dir\run.cmd" ([Convert]::FromBase64String($Runner))
  foreach ($name in 'out', 'err') { [IO.File]::Open("$dir\$name", 'OpenOrCreate', 'Write', 'ReadWrite').Close() }
  Save-Line "$dir\claim.$Nonce" "$Sha256 $limit $Shell $(Get-Boot) $Nonce ."
  Start-Runner
  $tries = 0
  while (-not [IO.File]::Exists("$dir\claim")) {
    $tries += 1
    if ($tries -gt 600) {
      Save-Grave 'cancelled' # from here on it cannot start any more
      if (-not [IO.File]::Exists("$dir\claim")) { Fail 'not_claimed' }
    }
    Start-Sleep -Milliseconds 50
  }
}

function Start-Runner { # outside this session and its quotas, and without a trigger: it never starts by itself
  $program = "$env:SystemRoot\System32\cmd.exe"
  $line = "/d /c $dir\run.cmd $Nonce $Key $Shell"
  $name = "$Key-$Nonce"
  try {
    if (Get-Command Register-ScheduledTask -ErrorAction SilentlyContinue) {
      $action = New-ScheduledTaskAction -Execute $program -Argument $line
      $settings = New-ScheduledTaskSettingsSet -MultipleInstances IgnoreNew -ExecutionTimeLimit ([TimeSpan]::Zero) -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -Priority 4
      if ($Password -ne '') {
        [void](Register-ScheduledTask -TaskPath '\Tejun\' -TaskName $name -Action $action -Settings $settings -User $RunAs -Password $Password -RunLevel Highest)
      } else {
        $logon = 'ServiceAccount'
        if ($RunAs.EndsWith('$')) { $logon = 'Password' } # a group managed service account
        $principal = New-ScheduledTaskPrincipal -UserId $RunAs -LogonType $logon -RunLevel Highest
        [void](Register-ScheduledTask -TaskPath '\Tejun\' -TaskName $name -Action $action -Settings $settings -Principal $principal)
      }
      Start-ScheduledTask -TaskPath '\Tejun\' -TaskName $name
    } else { # Windows Server 2008 R2
      $account = @('/ru', $RunAs)
      if ($Password -ne '') { $account += '/rp', $Password }
      Invoke-Schtasks (@('/create', '/tn', "\Tejun\$name", '/tr', "$program $line", '/sc', 'once', '/st', '00:00', '/rl', 'highest', '/f') + $account)
      Invoke-Schtasks @('/run', '/tn', "\Tejun\$name")
    }
  } catch {
    if ($RunAs -ne 'SYSTEM') { throw } # the account that was asked for is not silently replaced
    $made = Invoke-WmiMethod -Class Win32_Process -Name Create -ArgumentList "$program $line", $dir
    if ($made.ReturnValue -ne 0) { Fail "not_launched $($made.ReturnValue)" }
  }
}

function Invoke-Schtasks([string[]]$words) { # its warnings are localised and no errors: the exit status counts
  $ErrorActionPreference = 'Continue'
  $told = & "$env:SystemRoot\System32\schtasks.exe" $words 2>&1
  if ($LASTEXITCODE -ne 0) { throw ('schtasks ' + $LASTEXITCODE + ' ' + [string]$told) }
}

function Remove-Tasks {
  foreach ($line in @(Get-Promises)) {
    $words = @(Split-Claim $line)
    if ($words.Count -ne 6) { continue }
    $name = "$Key-" + $words[4]
    try {
      if (Get-Command Unregister-ScheduledTask -ErrorAction SilentlyContinue) {
        Unregister-ScheduledTask -TaskPath '\Tejun\' -TaskName $name -Confirm:$false
      } else { Invoke-Schtasks @('/delete', '/tn', "\Tejun\$name", '/f') }
    } catch { continue } # it was never registered, or is gone
  }
}

# --- follow ---------------------------------------------------------------------------------------------------------
function Test-Mine { # whether nobody has taken the following over
  $newest = Read-Text "$dir\owner"
  return $newest -eq '' -or $newest -eq $Nonce
}

function Take-Over { # -> '' or who keeps it: an old request that comes late does not push its own caller's newer one aside
  $newest = @((Read-Text "$dir\owner") -split '-')
  $mine = @($Nonce -split '-')
  if ($newest.Count -eq 3 -and $newest[0] -eq $mine[0] -and [long]$newest[1] -gt [long]$mine[1]) { return $newest -join '-' }
  $bytes = [Text.Encoding]::ASCII.GetBytes($Nonce)
  $stream = [IO.File]::Open("$dir\owner", 'Create', 'Write', 'ReadWrite')
  try { $stream.Write($bytes, 0, $bytes.Length) } finally { $stream.Close() }
  return ''
}

function Follow { # from -Out and -Err on: until the end, -Most bytes, or -Hold milliseconds of silence
  $it = Look
  if (-not [IO.File]::Exists("$dir\claim") -or $it.Word -eq 'unknown bad_claim') { Say $it.Word; return }
  if ($Verb -ne 'poll') {
    Say "claim $($it.Cap)"
    $other = Take-Over
    if ($other -ne '') { Say "taken $other"; return }
  }
  $at = @{ out = $Out; err = $Err }
  $sent = 0; $silent = 0; $looked = 0; $pause = 20
  while ($true) {
    # measured first, looked second: as long as no end is seen, no byte of these sizes can be beyond the recorded ones
    $size = @{ out = (Get-Size "$dir\out"); err = (Get-Size "$dir\err") }
    $end = Read-End $it.Cap
    if ($end -like 'done *') { $words = $end -split ' '; $size.out = [long]$words[2]; $size.err = [long]$words[3] }
    $new = 0
    foreach ($name in 'out', 'err') {
      $count = [Math]::Min([Math]::Min($size[$name], $it.Cap) - $at[$name], 262144)
      if ($count -gt 0) {
        $part = Read-Part "$dir\$name" $at[$name] $count
        Say ($name + ' ' + $at[$name] + ' ' + $part)
        $at[$name] += $count
        $new += $count
      }
    }
    $sent += $new
    if (-not (Test-Mine)) { Say ('taken ' + (Read-Text "$dir\owner")); return }
    if ($new -gt 0) { $silent = 0; $looked = 0; $pause = 20 }
    elseif ($end -ne '') { Say $end; return }
    elseif ($silent -ge $looked + 2000) { # asking the system for its processes is dear
      $it = Look
      if ($it.Word -ne 'running' -and $it.Word -notlike 'done *') { Say $it.Word; return }
      $looked = $silent
    }
    if ($sent -ge $Most -or $silent -ge $Hold) { Say 'running'; return }
    Start-Sleep -Milliseconds $pause
    $silent += $pause
    if ($new -eq 0) { $pause = [Math]::Min($pause * 2, 320) }
  }
}

# --- cancel, digest, remove -----------------------------------------------------------------------------------------
function Stop-Tree { # a process without a window knows no polite end: killed at once; 10 seconds later "alive"
  $below = @{} # of all that are or were seen below the runner: process id -> creation date
  $tries = 0
  while ($true) {
    $all = @(Get-WmiObject Win32_Process)
    do {
      $more = $false
      foreach ($process in $all) {
        $id = [string]$process.ProcessId
        $born = [string]$process.CreationDate
        if ($below[$id] -eq $born) { continue }
        $parent = $below[[string]$process.ParentProcessId]
        if ([string]$process.CommandLine -like "*\$Key\*" -or ($parent -and $born -ge $parent)) { $below[$id] = $born; $more = $true }
      }
    } while ($more)
    $tree = @($all | Where-Object {
      $below[[string]$_.ProcessId] -eq [string]$_.CreationDate -and [string]$_.CommandLine -notlike "*\$Key\run.cmd*"
    })
    $it = Look
    if ($it.Word -eq 'unknown other_boot') { Say 'dead'; return }
    if ($tree.Count -eq 0 -and $it.Word -ne 'running') { Say 'dead'; return }
    if ($tries -ge 100) { Say 'alive'; return }
    # never the runner itself: it writes down how the command ended
    foreach ($process in $tree) { Stop-Process -Id ([int]$process.ProcessId) -Force -ErrorAction SilentlyContinue }
    $tries += 1
    Start-Sleep -Milliseconds 100
  }
}

function Get-Digest([string]$path, [long]$size) { # of the first bytes: what a service left behind wrote later does not count
  $sha = [Security.Cryptography.SHA256]::Create()
  $buffer = New-Object byte[] 262144
  $stream = [IO.File]::Open($path, 'Open', 'Read', 'ReadWrite')
  try {
    while ($size -gt 0) {
      $read = $stream.Read($buffer, 0, [int][Math]::Min($size, 262144))
      if ($read -eq 0) { Fail "short $path" }
      [void]$sha.TransformBlock($buffer, 0, $read, $buffer, 0)
      $size -= $read
    }
  } finally { $stream.Close() }
  [void]$sha.TransformFinalBlock($buffer, 0, 0)
  return ConvertTo-Hex $sha.Hash
}

function Get-Digests([string]$end) { # -> 'OUT_SHA256 ERR_SHA256 OUT ERR'
  $words = $end -split ' '
  return (Get-Digest "$dir\out" $words[2]) + ' ' + (Get-Digest "$dir\err" $words[3]) + ' ' + $words[2] + ' ' + $words[3]
}

function Invoke-Verb {
  if ($Key -notmatch '^[0-9A-Za-z_-]+$' -or $Key -eq 'ended') { Fail 'bad_key' }
  # run.cmd is named without quotes, which old schtasks and cmd.exe take apart differently
  if ($base -notmatch '^[A-Za-z]:(\\[0-9A-Za-z_.-]+)+$') { Fail 'spool' }
  $it = Look
  switch ($Verb) {
    'run' {
      if ($it.Word -eq 'absent') { Start-Command; $it = Look }
      if ($it.Sha256 -ne '' -and $it.Sha256 -ne $Sha256) { Fail 'other_payload' }
      Follow
    }
    'attach' { Follow }
    'poll' { Follow }
    'state' { Say $it.Word }
    'cancel' {
      if ($it.Word -eq 'absent') { Save-Grave 'cancelled'; $it = Look }
      if ($it.Word -like 'done *') { Say 'dead' } # it ended by itself; what it left running was meant to run on
      elseif ($it.Word -eq 'unknown bad_claim') { Fail 'bad_claim' } # whose processes they would be is not known
      elseif ([IO.File]::Exists("$dir\claim")) { Stop-Tree }
      else { Say 'absent' }
    }
    'digest' {
      if ($it.Word -like 'done *') { Say ('digest ' + (Get-Digests $it.Word)) }
      elseif ($it.Word -eq 'unknown removed' -or $it.Word -eq 'unknown cancelled') { Say $it.Word }
      else { Fail 'not_done' }
    }
    'remove' {
      if ($it.Word -eq 'unknown removed' -or $it.Word -eq 'unknown cancelled') { Say $it.Word; return }
      if ($it.Word -notlike 'done *') { Fail 'not_done' }
      if (-not (Get-Digests $it.Word).StartsWith("$OutSha256 $ErrSha256 ")) { Fail 'other_digest' }
      Save-Grave 'removed'
      Remove-Tasks
      [IO.Directory]::Delete($dir, $true)
      Say 'removed'
    }
    default { Fail 'bad_verb' }
  }
}

$own = $Spool -eq ''
$parent = [Environment]::GetFolderPath('CommonApplicationData') + '\Tejun'
$base = $Spool
if ($own) { $base = "$parent\spool" }
$dir = "$base\$Key"
try { Invoke-Verb } catch {
  $told = [string]$_.Exception.Message
  if ($told.StartsWith('tejun ')) { Say ('error ' + $told.Substring(6)) }
  else { Say ('error script ' + [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($told))) }
}
