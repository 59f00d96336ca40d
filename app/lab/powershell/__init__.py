"""A subset of Windows PowerShell for the simulated Windows nodes: what the product's own texts use, and nothing by guess.

world.py says how cmdlets, .NET types and native programs are declared, objects.py what values are; runspaces.py runs texts. What
is not declared fails: as on a real machine where that is known, else with an error that says that the lab does not know it.
"""
