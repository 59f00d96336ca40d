"""Who may do what, four-eyes included, and whether a policy can be satisfied at all. Pure; knows no tables.

Administrators have no way around the four-eyes rules: the rules ask who a person *is*, not what roles they have.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from app.domain.errors import Forbidden, Invalid, Refused
from app.domain.text import Frozen, Text


class Role(StrEnum):
    """Roles of an account; one account may have several."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Permission(StrEnum):
    """What a route or an action asks for."""

    VIEW = "view"
    EDIT_CLUSTERS = "edit_clusters"
    PLAN = "plan"
    PERFORM = "perform"
    CHECK = "check"
    APPROVE = "approve"
    AUDIT = "audit"
    ADMINISTER = "administer"


P = Permission
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({P.VIEW}),
    Role.OPERATOR: frozenset({P.VIEW, P.EDIT_CLUSTERS, P.PLAN, P.PERFORM, P.CHECK}),
    Role.APPROVER: frozenset({P.VIEW, P.APPROVE}),
    Role.AUDITOR: frozenset({P.VIEW, P.AUDIT}),
    Role.ADMIN: frozenset({P.VIEW, P.EDIT_CLUSTERS, P.ADMINISTER}),
}

ROLE_NAMES: dict[Role, Text] = {
    Role.VIEWER: Text(ja="閲覧者", en="viewer"),
    Role.OPERATOR: Text(ja="作業者", en="operator"),
    Role.APPROVER: Text(ja="承認者", en="approver"),
    Role.AUDITOR: Text(ja="監査者", en="auditor"),
    Role.ADMIN: Text(ja="管理者", en="administrator"),
}


class Person(Frozen):
    """Somebody who acts: `id` is what the four-eyes rules compare."""

    id: int
    name: str
    display_name: str
    roles: frozenset[Role]

    def may(self, permission: Permission) -> bool:
        """Whether one of the person's roles grants the permission."""
        return any(permission in GRANTS[role] for role in self.roles)


def require(person: Person, permission: Permission) -> None:
    """Raise Forbidden where none of the person's roles grants the permission; the message names the roles that do."""
    if person.may(permission):
        return
    holders = [ROLE_NAMES[role] for role in Role if permission in GRANTS[role]]
    ja, en = "・".join(h.ja for h in holders), " or ".join(h.en for h in holders)
    raise Forbidden(
        f"needs_{permission}",
        f"この操作には{ja}の権限が必要です。権限のある人に依頼してください。",
        f"This needs the role {en}. Ask somebody who has it.",
    )


def require_other_than_performer(checker: Person, performer_id: int | None) -> None:
    """Four eyes on a step: the checker is not the one who performed it."""
    if checker.id == performer_id:
        raise Forbidden(
            "checker_is_performer",
            "実施者本人は確認者になれません。別の作業者が確認してください。",
            "The performer of a step cannot sign as its checker. Another operator has to check it.",
        )


def require_other_than_submitter(approver: Person, submitter_id: int | None) -> None:
    """Four eyes on an approval: the approver is not the one who asked for it."""
    if approver.id == submitter_id:
        raise Forbidden(
            "approver_is_submitter",
            "申請者本人は承認できません。別の承認者に依頼してください。",
            "Whoever asked for an approval cannot give it. Ask another approver.",
        )


def require_reason(reason: str) -> None:
    """What somebody else reads later, or decides on, is not empty."""
    if not reason.strip():
        raise Invalid("no_reason", "理由を入力してください。", "Give a reason.", "reason")


def require_evidence(count: int) -> None:
    """A check is overridden on evidence, never on a word alone."""
    if count < 1:
        raise Refused(
            "no_evidence_for_override",
            "証跡がありません。ノードで確かめた内容（画面やコマンドの出力）を証跡として添付してから、もう一度行ってください。",
            "There is no evidence. Attach what was seen on the node (a screen, a command's output), then try again.",
        )


def require_satisfiable(submitter: Person, people: Iterable[Person]) -> None:
    """Refuse a submission that nobody could carry through: an approver besides the submitter, and two who perform and check."""
    everybody = list(people)
    if not any(p.may(P.APPROVE) and p.id != submitter.id for p in everybody):
        raise Refused(
            "no_other_approver",
            "申請者以外に承認者がいません。管理者に承認者の登録を依頼してください。",
            "There is no approver besides you. Ask an administrator to add one.",
        )
    performers = {p.id for p in everybody if p.may(P.PERFORM)}
    checkers = {p.id for p in everybody if p.may(P.CHECK)}
    if not performers or not any(c != p for p in performers for c in checkers):
        raise Refused(
            "no_other_checker",
            "実施者とは別の確認者になれる作業者がいません。管理者に作業者の登録を依頼してください。",
            "There is nobody who could check the performer's steps. Ask an administrator to add an operator.",
        )
