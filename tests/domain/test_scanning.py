"""Command texts as their shells read them: open quotes, places within quotes, deletes by wildcard."""

from __future__ import annotations

import pytest

from app.domain.procedure import Shell
from app.domain.scanning import Found, fault_of

SOUND: list[tuple[Shell, str]] = [
    ("sh", "echo 'a b' \"c 'd\" e\\'f"),
    ("sh", "# it's a comment\ntrue  # that's one too"),
    ("sh", "cat <<'END'\nit's\nEND\ncat <<-X\n\t\"\n\tX"),
    ("sh", 'echo "$(echo \'it"s\')" "$(a (b) "c")"'),
    ("sh", "tar cf [[database]].tar [[database]]"),
    ("sh", "echo 'rm *' a#'b'"),
    ("sh", "case $x in *) rm -f old.txt ;; esac"),
    ("powershell", "Write-Output \"a`\"b\" 'it''s'"),
    ("powershell", "$x = @'\nit's \"open\n'@\nRemove-Item $x"),
    ("cmd", 'echo it\'s "a b"\ndel /q C:\\a.txt'),
]
FAULTS: list[tuple[Shell, str, Found]] = [
    ("sh", "true\necho 'open", Found("unclosed", 2)),
    ("sh", 'echo "open', Found("unclosed", 1)),
    ("sh", 'echo "$(true"', Found("unclosed", 1)),
    ("sh", "cat <<END\nnever ended", Found("unclosed", 2)),
    ("powershell", "a\nb 'c", Found("unclosed", 2)),
    ("cmd", 'echo "a\necho b"', Found("unclosed", 1)),
    ("sh", 'ls "[[database]]/x"', Found("quoted_place", 1)),
    ("powershell", "\ndir '[[install]]'", Found("quoted_place", 2)),
    ("sh", "true\nrm -rf [[database]]/*", Found("wildcard_delete", 2)),
    ("sh", "true; rm -f job?", Found("wildcard_delete", 1)),
    ("sh", "find . -type f -delete", Found("wildcard_delete", 1)),
    ("cmd", "del /F /Q job*", Found("wildcard_delete", 1)),
    ("powershell", "dir | Remove-Item C:\\x\\nec*", Found("wildcard_delete", 1)),
]


@pytest.mark.parametrize(("shell", "text"), SOUND)
def test_a_sound_text_has_no_fault(shell: Shell, text: str) -> None:
    assert fault_of(text, shell) is None


@pytest.mark.parametrize(("shell", "text", "found"), FAULTS)
def test_a_fault_is_found_on_its_line(shell: Shell, text: str, found: Found) -> None:
    assert fault_of(text, shell) == found
