# tejun read v1
# Runs a read-only probe (-Text: UTF-16 in base64) in a PowerShell of its own, and says at the end how it ended.
param([string]$Nonce, [string]$Text)
$ErrorActionPreference = 'Continue'
$ProgressPreference = 'SilentlyContinue'
$program = "$env:SystemRoot\System32\WindowsPowerShell\v1.0\powershell.exe"
& $program -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -InputFormat None -OutputFormat Text -EncodedCommand $Text
Write-Output "tejun $Nonce exit $LASTEXITCODE"
