"""What a Japanese cmd.exe says when it refuses, and how it ends. Owns the texts."""

from __future__ import annotations

_TEXTS: dict[object, str] = {
    2: "指定されたファイルが見つかりません。",
    3: "指定されたパスが見つかりません。",
    5: "アクセスが拒否されました。",
    32: "プロセスはファイルにアクセスできません。別のプロセスが使用中です。",
    112: "ディスクに十分な空き領域がありません。",
    123: "ファイル名、ディレクトリ名、またはボリューム ラベルの構文が間違っています。",
    145: "ディレクトリが空ではありません。",
    183: "既に存在するファイルを作成することはできません。",
    "syntax": "コマンドの構文が誤っています。",
    "label": "バッチ ラベルが見つかりません - {0}",
    "unknown": "'{0}' は、内部コマンドまたは外部コマンド、\r\n"
    "操作可能なプログラムまたはバッチ ファイルとして認識されていません。",
    "exists": "サブディレクトリまたはファイル {0} は既に存在します。",
    "unset": "環境変数 {0} が定義されていません",
    "lab": "ラボはこの指定を知りません: {0}",
}


def said(what: object, subject: str = "") -> str:
    """One message, with its line end."""
    return _TEXTS.get(what, _TEXTS["syntax"]).format(subject) + "\r\n"


class Ended(Exception):
    """exit: this batch file ends (or `everything`, cmd.exe itself) with that status."""

    def __init__(self, status: int, everything: bool = False) -> None:
        super().__init__(status)
        self.status, self.everything = status, everything
