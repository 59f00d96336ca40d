"""The four refusals. Each carries a message for the operator, in both languages, that says what to do.

A refusal is an answer, not a fault: the edge rolls the transaction back, records the refusal in one of its own and shows
the message. Anything else that is raised is a defect and crashes the request.
"""

from __future__ import annotations

from app.domain.text import Text


class Refusal(Exception):
    """Base of the four: `message` is for the reader, `code` for the audit trail (stable, never localised)."""

    status = 400

    def __init__(self, code: str, ja: str, en: str) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.message = Text(ja=ja, en=en)


class Invalid(Refusal):
    """What was handed in cannot be understood or breaks a rule of form. `field` names the input that is wrong."""

    status = 422

    def __init__(self, code: str, ja: str, en: str, field: str | None = None) -> None:
        super().__init__(code, ja, en)
        self.field = field


class Forbidden(Refusal):
    """This person may not do this (role, four-eyes)."""

    status = 403


class NotFound(Refusal):
    """There is no such thing, or this person may not know of it."""

    status = 404


class Refused(Refusal):
    """The request is understood and allowed, but the state of things says no (stale page, closed window, wrong order)."""

    status = 409
