"""Simulated Windows nodes: their disks, registry, services and processes, JobCenter by version, and one cluster for them all.

What a node does not know it refuses, as a real one would: nothing here says yes to what it does not understand.
"""
