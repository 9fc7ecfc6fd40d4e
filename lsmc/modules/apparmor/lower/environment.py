"""What the profiles of a file were compiled under, as plain data for the cache.

With it a rule can be lowered for a profile later, without reading the profile's file again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from lsmc.modules.apparmor.lower.profile_head import builtins, scoped
from lsmc.modules.apparmor.lower.units import Environment
from lsmc.modules.apparmor.releases import Release, release_of
from lsmc.modules.apparmor.resolve.aliases import NO_ALIASES, Aliases
from lsmc.modules.apparmor.resolve.features import DEFAULT, Features
from lsmc.modules.apparmor.resolve.variables import Variables


class VariableLayer(NamedTuple):
    """Variables that one table adds to the tables below it."""

    sets: Mapping[str, Sequence[str]]
    bools: Mapping[str, bool]


class SavedEnvironment(NamedTuple):
    """The variables of a file, the lowest layer first; its aliases, features and profiles.

    `features` is the path of a features file, None for the built-in set.  `profiles` are the local
    name and the attachment's text of each profile, in the order in which the file gives them.
    """

    layers: tuple[VariableLayer, ...]
    aliases: tuple[tuple[str, str], ...]
    features: str | None
    profiles: tuple[tuple[str, str], ...]

    @classmethod
    def of(
        cls,
        variables: Variables,
        aliases: Aliases,
        features: Features,
        profiles: Sequence[tuple[str, str]],
    ) -> SavedEnvironment:
        """The environment of a file, to be saved; layers that files share are the same objects."""
        layers: list[VariableLayer] = []
        table: Variables | None = variables
        while table is not None:
            layers.append(VariableLayer(table.given(), table.bools))
            table = table.base
        name = None if features is DEFAULT else features.name
        return cls(tuple(reversed(layers)), aliases.pairs, name, tuple(profiles))


class Environments:
    """Restores the environments of profiles; what saved environments share is built once."""

    def __init__(self, features: Callable[[str], Features], target: Release | None) -> None:
        """`features` reads a features file; `target` overrides what an abi stands for."""
        self._target = target
        self._features = features
        self._tables: dict[tuple[int, ...], Variables] = {}
        self._aliases: dict[tuple[tuple[str, str], ...], Aliases] = {(): NO_ALIASES}
        self._alive: list[VariableLayer] = []

    def of(self, saved: SavedEnvironment, profile: int) -> Environment:
        """The environment of a profile, by its number in the saved one."""
        name, attachment = saved.profiles[profile]
        scope = scoped(self._variables(saved.layers), builtins(name, attachment))
        aliases = self._aliases.get(saved.aliases)
        if aliases is None:
            aliases = self._aliases[saved.aliases] = Aliases(saved.aliases)
        features = DEFAULT if saved.features is None else self._features(saved.features)
        release = self._target if self._target is not None else release_of(features)
        return Environment(scope, features, aliases, release)

    def _variables(self, layers: Sequence[VariableLayer]) -> Variables:
        table = Variables()
        place: tuple[int, ...] = ()
        for layer in layers:
            place = (*place, id(layer))
            known = self._tables.get(place)
            if known is None:
                known = self._tables[place] = Variables(table if len(place) > 1 else None)
                for name, values in layer.sets.items():
                    known.assign(name, values)
                known.bools.update(layer.bools)
                self._alive.append(layer)  # an id is a key only while its object lives
            table = known
        return table
