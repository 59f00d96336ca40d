"""Tests of the engine, and the rig they share: a session under way on one real node."""
