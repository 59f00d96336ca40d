"""Tables and the named reads that start from them. No decisions, no commits, no HTTP."""

from app.models.audit import AuditEvent
from app.models.base import Base
from app.models.clusters import ClusterRecord, HostKey
from app.models.overlays import OverlayRecord, OverlayVersion, PlanBasis
from app.models.packages import Delivery, Package
from app.models.people import Login, SignInFailure, User
from app.models.sessions import Approval, MaintenanceSession, PlanRecord, SessionNode
from app.models.steps import Attempt, Evidence, Outage, OutputChunk, Reading, SignOff, StepRun

__all__ = [
    "Approval",
    "Attempt",
    "AuditEvent",
    "Base",
    "ClusterRecord",
    "Delivery",
    "Evidence",
    "HostKey",
    "Login",
    "MaintenanceSession",
    "Outage",
    "OutputChunk",
    "OverlayRecord",
    "OverlayVersion",
    "Package",
    "PlanBasis",
    "PlanRecord",
    "Reading",
    "SessionNode",
    "SignInFailure",
    "SignOff",
    "StepRun",
    "User",
]
