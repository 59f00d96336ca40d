"""Conditions told without a case: what has to be so. circumstances.py tells what *is* so. Decides nothing."""

from __future__ import annotations

from app.domain.conditions import Atom, Condition
from app.domain.text import Text
from app.domain.versions import Version

_SUBJECTS = {
    "from": Text(ja="適用前の版が", en="the version before is"),
    "to": Text(ja="適用後の版が", en="the version to arrive at is"),
    "installed": Text(ja="その時点でノードに入っている版が", en="the version on the node at that moment is"),
    "platform": Text(ja="クラスタの種別が", en="the platform is"),
    "arch": Text(ja="アーキテクチャが", en="the architecture is"),
    "os": Text(ja="OS が", en="the operating system is"),
    "clusterware": Text(ja="クラスタ管理ソフトウェアが", en="the cluster software is"),
}
_SIGNS = {
    "<=": Text(ja=" {} 以前", en=" {} or earlier"),
    ">=": Text(ja=" {} 以降", en=" {} or later"),
    "<": Text(ja=" {} より前", en=" earlier than {}"),
    ">": Text(ja=" {} より後", en=" later than {}"),
    "=": Text(ja=" {}", en=" {}"),
    "!=": Text(ja=" {} 以外", en=" other than {}"),
}
_WORDS = {
    ("operation", "upgrade"): Text(ja="作業がバージョンアップ", en="the operation is an upgrade"),
    ("operation", "patch"): Text(ja="作業がパッチ適用", en="the operation is a patch"),
    ("install", "overwrite"): Text(ja="上書きインストール", en="it is installed over the old version"),
    ("install", "fresh"): Text(ja="新規インストール", en="it is installed anew"),
    ("local_site", "used"): Text(ja="ローカルサイトを使う", en="the local sites are used"),
    ("local_site", "unused"): Text(ja="ローカルサイトを使わない", en="the local sites are not used"),
    ("clwin", True): Text(ja="ノードに CL/Win が入っている", en="CL/Win is installed on the nodes"),
    ("reuse_site_database", True): Text(
        ja="サイトデータベースを引き継ぐ", en="the site database is carried over"
    ),
}
_JOINTS = {"and": Text(ja="、かつ", en=" and "), "or": Text(ja="、または", en=" or ")}


def described(condition: Condition) -> Text:
    """What has to be so for the condition to hold, as a clause."""
    if isinstance(condition, Atom):
        return _atom(condition)
    if condition.word == "not":
        inner = described(condition.parts[0])
        return Text(ja=f"「{inner.ja}」ではない", en=f"not: {inner.en}")
    told = [_within(part, condition.word) for part in condition.parts]
    joint = _JOINTS[condition.word]
    return Text(ja=joint.ja.join(one.ja for one in told), en=joint.en.join(one.en for one in told))


def _within(part: Condition, word: str) -> Text:
    """A part, in brackets where it is joined by the other word."""
    told = described(part)
    if isinstance(part, Atom) or part.word in ("not", word):
        return told
    return Text(ja=f"（{told.ja}）", en=f"({told.en})")


def _atom(atom: Atom) -> Text:
    if atom.sign == "=" and (atom.name, atom.value) in _WORDS:
        return _WORDS[atom.name, atom.value]
    if atom.name not in _SUBJECTS:  # a word of few that is excluded
        inner = _WORDS[atom.name, atom.value]
        return Text(ja=f"「{inner.ja}」ではない", en=f"not: {inner.en}")
    value = atom.value
    line = f"{value}.x" if isinstance(value, Version) and value.written.count(".") == 1 else str(value)
    if atom.sign in (">=", ">"):
        line = line.removesuffix(".x") if atom.sign == ">=" else line
    subject, sign = _SUBJECTS[atom.name], _SIGNS[atom.sign]
    return Text(ja=f"{subject.ja}{sign.ja.format(line)}", en=f"{subject.en}{sign.en.format(line)}")
