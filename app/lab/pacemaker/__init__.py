"""A cluster manager that answers as Pacemaker 2.1 with pcs 0.11 does, and really starts and stops the sites."""
