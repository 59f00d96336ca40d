"""A simulated UNIX cluster of JobCenter nodes on this machine, for the demo, rehearsals and tests: real SSH, real
processes, a cluster manager that answers as Pacemaker does, and faults on demand. Needs no root and no package.

    lab = up(Path("lab"))            # about two seconds; the same call finds it again
    fault(Path("lab"), "crash", "node-a")
    down(Path("lab"))                # files, versions and cluster state stay
"""

from app.lab.control import down, fault, idle, reset, status, up
from app.lab.model import Lab, LabError, LabStatus, Node, NodeStatus, Patch, Resource, Site

__all__ = [
    "Lab",
    "LabError",
    "LabStatus",
    "Node",
    "NodeStatus",
    "Patch",
    "Resource",
    "Site",
    "down",
    "fault",
    "idle",
    "reset",
    "status",
    "up",
]
