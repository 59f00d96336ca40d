"""What Windows says when something cannot be done: the number (winerror.h), the exception that .NET throws for it, and its text.

Owns no behaviour. The texts are English: nothing may depend on them (they are translated on a real machine).
"""

from __future__ import annotations

_TEXTS = {
    2: ("System.IO.FileNotFoundException", "Could not find file '{0}'."),
    3: ("System.IO.DirectoryNotFoundException", "Could not find a part of the path '{0}'."),
    5: ("System.UnauthorizedAccessException", "Access to the path '{0}' is denied."),
    32: (
        "System.IO.IOException",
        "The process cannot access the file '{0}' because it is being used by another process.",
    ),
    112: ("System.IO.IOException", "There is not enough space on the disk. : '{0}'"),
    123: ("System.ArgumentException", "Illegal characters in path. : '{0}'"),
    145: ("System.IO.IOException", "The directory is not empty. : '{0}'"),
    183: ("System.IO.IOException", "The file '{0}' already exists."),
    1056: ("System.InvalidOperationException", "An instance of the service '{0}' is already running."),
    1060: ("System.InvalidOperationException", "Service '{0}' was not found on computer '.'."),
    1062: ("System.InvalidOperationException", "The service '{0}' has not been started."),
    1053: ("System.InvalidOperationException", "The service '{0}' did not respond in a timely fashion."),
    1059: ("System.InvalidOperationException", "The service '{0}' cannot be controlled now."),
}


class Refusal(Exception):
    """Windows refuses. `code` is the Win32 error, `exception` the full name of what .NET throws, `subject` what it is about."""

    def __init__(self, code: int, subject: str, text: str = "") -> None:
        self.code, self.subject = code, subject
        self.exception, form = _TEXTS[code]
        super().__init__(text or form.format(subject))


class Unknown(Exception):
    """The lab does not know this, so it does nothing: a fault of the lab's narrowness, named as such."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the lab does not know {what}")
