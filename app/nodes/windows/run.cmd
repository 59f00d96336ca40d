@echo off
rem tejun run v2
rem Usage: run.cmd NONCE KEY SHELL, from the folder of KEY. The claim is a complete file, and ren fails where there is one already.
cd /d "%~dp0" || exit /b 1
ren claim.%1 claim 2>nul || exit /b 0
if exist ..\ended\%2 exit /b 0
md work 2>nul
cd work || exit /b 1
rem where out or err cannot be opened nothing runs and ERRORLEVEL stays as it is: it must not be 0
"%ComSpec%" /d /c exit 1
if "%3"=="powershell" "%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe" -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -InputFormat None -File "%~dp0payload.ps1" 1>>..\out 2>>..\err <nul
if "%3"=="cmd" "%ComSpec%" /q /d /c "%~dp0payload.cmd" 1>>..\out 2>>..\err <nul
set "RC=%ERRORLEVEL%"
cd ..
>status.new echo %RC% .
ren status.new status
