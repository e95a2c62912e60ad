@echo off
rem Runs the broker command from a clone: builds it first when a source is newer than the last build.
setlocal
set "ROOT=%~dp0"
set "OUTPUT=%ROOT%src\Broker.Cli\bin\Release\net10.0"
set "STAMP=%OUTPUT%\.built"
where dotnet >nul 2>nul
if errorlevel 1 (
    echo broker: the .NET SDK 10 is not installed or not on the PATH: https://dot.net/download 1>&2
    exit /b 1
)
powershell -NoProfile -Command "$stamp = Get-Item -Force -ErrorAction SilentlyContinue $env:STAMP; if (-not $stamp) { exit 1 }; $newer = Get-ChildItem -Recurse -File ($env:ROOT + 'src'), ($env:ROOT + 'proto') | Where-Object { $_.LastWriteTime -gt $stamp.LastWriteTime -and $_.FullName -notmatch '\\(bin|obj)\\' } | Select-Object -First 1; if ($newer) { exit 1 }"
if errorlevel 1 (
    echo broker: building, as this is the first run or sources have changed ... 1>&2
    dotnet build "%ROOT%src\Broker.Cli" -c Release -v quiet --nologo 1>&2
    if errorlevel 1 exit /b 1
    echo built> "%STAMP%"
)
dotnet "%OUTPUT%\broker.dll" %*
exit /b %ERRORLEVEL%
