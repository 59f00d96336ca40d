"""Plans: choose the procedure, fill it with the cluster, warn, and seal with a digest. Pure; reads no files and no clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.domain import choosing, overlaying
from app.domain import literal as literal_order
from app.domain.choosing import Choice, Nearest, NoProcedure
from app.domain.cluster import Cluster, Node, check_path
from app.domain.conditions import Moment
from app.domain.digest import canonical_quickly, digest_of_bytes
from app.domain.errors import Invalid
from app.domain.library import Procedure, condition
from app.domain.overlay import OverlayFile
from app.domain.predicates import Case, Install, Method, Operation, takers
from app.domain.procedure import Phase, Plan, PlanWarning, Step
from app.domain.rendering import phases
from app.domain.spots import Scene
from app.domain.text import Text
from app.domain.versions import Version
from app.domain.warnings import NO_DIGEST, About, warnings

__all__ = ["Choice", "Inputs", "Nearest", "NoProcedure", "choose", "make_plan", "plan_is_executable"]

Library = Callable[[str], Procedure]
"""Number of a procedure (3.3) -> its sections: procedures.procedure."""

_ARCH = {"x64": "x86_64", "x86": "i386", "ipf": "ia64", "ipf32": "ia64"}
_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


@dataclass(frozen=True)
class Inputs:
    """What comes with a plan beside the cluster: the package on the nodes and the SHA-256 that its supplier states."""

    patch_file: str | None = None
    patch_sha256: str | None = None

    @classmethod
    def of(cls, patch_file: str | None = None, patch_sha256: str | None = None) -> Inputs:
        """Check and normalise. Raises Invalid for a path that is not absolute, or a digest that is not 64 hexadecimal digits."""
        if patch_file is not None:
            try:
                check_path(patch_file)
            except ValueError:
                raise Invalid(
                    "inputs.patch_file",
                    f"パッチファイル「{patch_file[:60]}」は、ノード上の絶対パスで指定してください。",
                    f"Give the patch file {patch_file[:60]!r} as an absolute path on the nodes.",
                    "patch_file",
                ) from None
        if patch_sha256 is None:
            return cls(patch_file)
        found = _SHA256.fullmatch(patch_sha256.strip().lower())
        if not found:
            raise Invalid(
                "inputs.patch_sha256",
                "パッチファイルの SHA-256 は 16 進 64 桁で指定してください。",
                "Give the SHA-256 of the patch file as 64 hexadecimal digits.",
                "patch_sha256",
            )
        return cls(patch_file, found[1])


def choose(
    cluster: Cluster,
    operation: Operation,
    to: Version,
    method: Method = "auto",
    install: Install = "overwrite",
) -> Choice | NoProcedure:
    """The procedure of the manual for that case, or why there is none. Total."""
    return choosing.choose(Case(cluster, operation, to, method, install))


def make_plan(
    library: Library,
    cluster: Cluster,
    operation: Operation,
    to: Version,
    method: Method = "auto",
    install: Install = "overwrite",
    inputs: Inputs | None = None,
    literal: str | None = None,
    overlay: OverlayFile | None = None,
) -> Plan | NoProcedure:
    """The whole plan, the same for the same input; NoProcedure where the manual has none.

    Raises Invalid for a literal order that is not to be had or changes nothing, and for an overlay that does not fit."""
    literal_order.require_allowed(literal)
    cluster = overlaying.with_paths(cluster, overlay)
    case = Case(cluster, operation, to, method, install)
    choice = choosing.choose(case)
    if isinstance(choice, NoProcedure):
        return choice
    procedure = library(choice.procedure)
    scene = replace(_scene(case, inputs or Inputs()), literal=literal, overlay=overlay)
    done = _carried_out(procedure, scene)
    if literal and done == _carried_out(procedure, replace(scene, literal=None)):
        raise literal_order.no_effect(literal)
    steps = [step for phase in done for step in phase.steps]
    said = warnings(About(case, choice.procedure, bool(scene.patch_sha256)))
    own = (*literal_order.notices(literal), *overlaying.notices(overlay, steps))
    return _sealed(case, choice, (*said, *own), done)


def plan_is_executable(plan: Plan) -> tuple[Text, ...]:
    """What is missing before a session of this plan may be submitted; empty when nothing is."""
    open_checks = [
        check
        for step in plan.steps
        for check in step.checks
        if check.probe == "patch_file" and not any(token.startswith("sha256:") for token in check.present)
    ]
    return (NO_DIGEST,) if open_checks else ()


def _carried_out(procedure: Procedure, scene: Scene) -> tuple[Phase, ...]:
    """The sections that the case takes, in order, each knowing which nodes have the target version already."""
    done: list[Phase] = []
    upgraded: frozenset[str] = frozenset()
    before = Moment(scene.case, scene.case.source).values()
    for section in procedure.sections:
        if section.when is None or condition(section.when).holds(before):
            carried_out, upgraded = phases(section, scene, upgraded)
            done += carried_out
    return tuple(done)


def _scene(case: Case, inputs: Inputs) -> Scene:
    if case.cluster.os == "windows":
        return Scene(case, _target(case.cluster), inputs.patch_file or "", inputs.patch_sha256 or "")
    folder = case.cluster.path("patches").rstrip("/")
    usual = f"{folder}/NECJCpt-{case.to.numbers}-1.{_ARCH[case.cluster.arch]}.rpm"
    return Scene(case, _target(case.cluster), inputs.patch_file or usual, inputs.patch_sha256 or "")


def _target(cluster: Cluster) -> Node:
    """The standby that takes over where the procedure fails over; in the others it is never asked for."""
    able = takers(cluster)
    return next((node for node in cluster.standbys if node.name in able), cluster.standbys[0])


def _sealed(case: Case, choice: Choice, warnings: tuple[PlanWarning, ...], done: tuple[Phase, ...]) -> Plan:
    plan = Plan(
        procedure=choice.procedure,
        operation=case.operation,
        method=choice.method,
        from_version=str(case.source),
        to=str(case.to),
        why=choice.why,
        digest="",
        warnings=warnings,
        phases=done,
    )
    _keys_are_unique(plan.steps)
    return plan.model_copy(
        update={
            "digest": digest_of_bytes(canonical_quickly(plan.model_dump(by_alias=True, exclude={"digest"})))
        }
    )


def _keys_are_unique(steps: tuple[Step, ...]) -> None:
    keys = [step.key for step in steps]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise ValueError(f"two steps have the key {min(twice)}: the library numbers its added steps wrongly")
