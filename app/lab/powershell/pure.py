"""Puts together what the language brings along without any machine: cmdlets and .NET types."""

from __future__ import annotations

from app.lab.powershell import (
    cmdlets_data,
    cmdlets_objects,
    cmdlets_output,
    dotnet_collections,
    dotnet_io,
    dotnet_text,
    dotnet_values,
)
from app.lab.powershell.world import World


def furnish(world: World) -> World:
    """Put the pure cmdlets and types into a world, which keeps what it has under the same names. Returns the world."""
    own_cmdlets, own_types = dict(world.cmdlets), dict(world.types)
    world.add(*cmdlets_output.CMDLETS, *cmdlets_objects.CMDLETS, *cmdlets_data.CMDLETS)
    world.add(*dotnet_text.TYPES, *dotnet_values.TYPES, *dotnet_io.TYPES, dotnet_values.dates(world))
    world.add(*dotnet_collections.TYPES)
    world.cmdlets.update(own_cmdlets)
    world.types.update(own_types)
    return world
