"""Who may do what, and the four eyes: the rules ask who somebody is, not which roles they hold."""

from __future__ import annotations

import pytest

from app.domain.errors import Forbidden, Refused
from app.domain.policy import (
    GRANTS,
    ROLE_NAMES,
    Permission,
    Person,
    Role,
    require,
    require_other_than_performer,
    require_other_than_submitter,
    require_satisfiable,
)


def person(number: int, *roles: str) -> Person:
    """Somebody with these roles."""
    return Person(id=number, name=f"p{number}", display_name=f"P{number}", roles=frozenset(map(Role, roles)))


EXPECTED = {
    "viewer": {"view"},
    "operator": {"view", "edit_clusters", "plan", "perform", "check"},
    "approver": {"view", "approve"},
    "auditor": {"view", "audit"},
    "admin": {"view", "edit_clusters", "administer"},
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("permission", list(Permission))
def test_a_role_grants_what_the_table_says_and_nothing_else(role: Role, permission: Permission) -> None:
    somebody = person(1, role)
    if permission.value in EXPECTED[role.value]:
        require(somebody, permission)
        return
    with pytest.raises(Forbidden) as refused:
        require(somebody, permission)
    assert refused.value.code == f"needs_{permission}"
    holders = [r for r in Role if permission in GRANTS[r]]
    assert holders
    assert all(
        ROLE_NAMES[r].ja in refused.value.message.ja and ROLE_NAMES[r].en in refused.value.message.en
        for r in holders
    )


def test_roles_add_up() -> None:
    both = person(1, "viewer", "approver", "auditor")
    assert {p.value for p in Permission if both.may(p)} == {"view", "approve", "audit"}
    assert not any(person(2).may(p) for p in Permission)


def test_four_eyes_hold_for_every_combination_of_roles() -> None:
    everything = person(1, *Role)
    for rule in (require_other_than_performer, require_other_than_submitter):
        with pytest.raises(Forbidden):
            rule(everything, 1)
        rule(everything, 2)
        rule(everything, None)


@pytest.mark.parametrize(
    ("submitter", "others", "code"),
    [
        (person(1, "operator"), [], "no_other_approver"),
        (person(1, "operator", "approver"), [person(2, "operator")], "no_other_approver"),
        (person(1, "operator"), [person(2, "approver")], "no_other_checker"),
        (person(1, "operator"), [person(2, "approver", "operator")], ""),
        (person(1, "operator"), [person(2, "approver"), person(3, "operator")], ""),
        (
            person(1, "operator"),
            [person(2, "approver"), person(3, "viewer"), person(4, "admin")],
            "no_other_checker",
        ),
        (person(1, "operator"), [person(2, "admin"), person(3, "operator")], "no_other_approver"),
    ],
)
def test_nothing_is_submitted_that_nobody_could_carry_through(
    submitter: Person, others: list[Person], code: str
) -> None:
    if not code:
        require_satisfiable(submitter, [submitter, *others])
        return
    with pytest.raises(Refused, match=code):
        require_satisfiable(submitter, iter([submitter, *others]))
