"""Tejun: a console that carries out the upgrade and patch procedures of JobCenter clusters."""
