"""What can be wrong with a text for a shell, said in both languages, and the closed list of commands. Reads no texts.

A complaint says where (the line), what, and what to write instead; a path or name is quoted as the text has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import yaml

from app.domain.procedure import Shell
from app.domain.text import Text


class Complaint(Text):
    """What is wrong, with the line of the text that it is about (from 1)."""

    line: int


class Unlisted(Complaint):
    """A complaint about a command that the closed list does not have: an organisation's own text may use others."""


HANDS_ON: Mapping[Shell, frozenset[str]] = {
    "sh": frozenset({
        "eval", "xargs", "bash", "ksh", "dash", "zsh", "csh", "busybox", "sudo", "su", "doas", "nohup", "setsid", "exec",
        "command", "builtin", "parallel",
    }),
    "cmd": frozenset({"cmd", "call", "powershell", "pwsh", "start", "forfiles", "wscript", "cscript", "bash", "wsl"}),
    "powershell": frozenset({
        "cmd", "powershell", "pwsh", "invoke-expression", "iex", "invoke-command", "icm", "bash", "wsl", "forfiles",
    }),
}  # fmt: skip
"""Commands that run what they are handed: nobody could judge that before it runs."""


@cache
def known_commands(shell: Shell) -> frozenset[str]:
    """The names that a text for that shell may use; on Windows in lower case."""
    text = resources.files(__package__).joinpath("known_commands.yaml").read_text(encoding="utf-8")
    names = [name for line in yaml.safe_load(text)[shell] for name in line]
    return frozenset(names if shell == "sh" else (name.lower() for name in names))


def _at(line: int, ja: str, en: str) -> Complaint:
    return Complaint(line=line, ja=f"{line} 行目: {ja}", en=f"line {line}: {en}")


def _unlisted(line: int, ja: str, en: str) -> Unlisted:
    told = _at(line, ja, en)
    return Unlisted(line=line, ja=told.ja, en=told.en)


def unparsed(line: int, shell: Shell, near: str) -> Complaint:
    """No text of that shell's language."""
    near = near.strip()[:60]
    return _at(line, f"{shell} の文として読めません（「{near}」の付近）。", f"is no {shell} (near {near!r}).")


def not_posix(line: int, what: str) -> Complaint:
    """A form that only some shells know."""
    return _at(
        line,
        f"「{what[:60]}」は POSIX sh にない書き方です。",
        f"{what[:60]!r} is not POSIX sh; write what every node's /bin/sh knows.",
    )


def unknown(line: int, shell: Shell, name: str) -> Unlisted:
    """A command that is not in the closed list."""
    return _unlisted(
        line,
        f"「{name[:60]}」は {shell} で使ってよいコマンドの一覧（known_commands.yaml）にありません。",
        f"{name[:60]!r} is not in the list of commands for {shell} (known_commands.yaml).",
    )


def hands_on(line: int, what: str) -> Complaint:
    """A command that runs another text or program, which is not judged here."""
    return _at(
        line,
        f"「{what[:60]}」は渡されたものを実行するため、事前に判定できません。実行するコマンドそのものを書いてください。",
        f"{what[:60]!r} runs what it is handed, which cannot be judged beforehand; write the command itself.",
    )


def unnamed(line: int, what: str) -> Unlisted:
    """A command whose name only the node would know."""
    return _unlisted(
        line,
        f"「{what[:60]}」は実行時まで何のコマンドか決まりません。名前かパスをそのまま書いてください。",
        f"which command {what[:60]!r} is, is not known before it runs; write its name or path itself.",
    )


def wildcard(line: int, what: str) -> Complaint:
    """A deletion that takes a pattern, or what a pattern gave."""
    return _at(
        line,
        f"「{what[:80]}」は、消すものが書かれていない削除です（ワイルドカード・引用符のない変数・パイプ）。"
        "消すものを 1 つずつ書いてください（PowerShell は -LiteralPath）。",
        f"{what[:80]!r} deletes what is not named (a wildcard, an unquoted variable, a pipe): list what to delete, one by "
        "one (with -LiteralPath in PowerShell).",
    )


def recursive(line: int, what: str) -> Complaint:
    """A deletion of a whole folder that the text does not spell out."""
    return _at(
        line,
        f"「{what[:80]}」は、フォルダーごとの削除ですが、対象がこの文の中で絶対パスとして書かれていないか、浅すぎます。",
        f"{what[:80]!r} deletes a whole folder that this text does not spell out as an absolute path of two names or more.",
    )


def bare_cd(line: int, what: str) -> Complaint:
    """A change of folder that later lines depend on."""
    return _at(
        line,
        f"「{what[:60]}」の失敗に気づかないまま次の行が別のフォルダーで動きます。絶対パスで書いてください。",
        f"after {what[:60]!r} has failed the next line would run in another folder; write absolute paths.",
    )


def unbalanced(line: int, mark: str) -> Complaint:
    """A quote or percent sign without its partner."""
    return _at(line, f"「{mark}」の数が合いません。", f"the {mark} do not come in pairs.")
