"""What the editor's user sets: the options of `lsmc lint` that make sense while typing.

They come as JSON, with the initialisation or as the section `lsmc` of the editor's configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from lsmc.compiler.inputs import Given
from lsmc.lint.config import CONFIDENCES
from lsmc.lint.setup import Setup


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings; None and empty for what is not said, where configuration and defaults count.

    `config` is a file of configuration, in place of the nearest `lsmc.toml`.  `show_references` is
    the name of a command of the editor that shows places: (address, position, locations).
    """

    module: str | None = None
    base: str | None = None
    include: tuple[str, ...] = ()
    features: str | None = None
    target: str | None = None
    config: str | None = None
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    min_confidence: str | None = None
    show_references: str | None = None

    def given(self, base: str | None) -> Given:
        """How policy is read; `base` is for where neither says the directory of includes."""
        return Given(
            base=self.base or base,
            include=self.include,
            features=self.features,
            target=self.target,
        )

    def setup(self, setup: Setup) -> Setup:
        """What decides a run of lint, with these settings above the configuration."""
        return Setup(
            setup.config, self.select or None, self.extend_select, self.ignore, self.min_confidence
        )


def read_settings(given: object) -> tuple[Settings, list[str]]:
    """The settings of some JSON, and what is wrong with it; that is left out."""
    if given is None:
        return Settings(), []
    if not isinstance(given, Mapping):
        return Settings(), ["the settings are no object"]
    known = {_camel(one.name): one for one in fields(Settings)}
    found: dict[str, Any] = {}
    faults = []
    for name, value in given.items():
        one = known.get(name)
        if one is None:
            faults.append(f"no setting `{name}`; known are {' '.join(known)}")
        elif value is None or value == "":
            continue
        elif one.default == ():
            if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
                faults.append(f"`{name}` is no list of texts")
                continue
            found[one.name] = tuple(value)
        elif name == "minConfidence" and value not in CONFIDENCES:
            faults.append(f"`{name}` is one of {', '.join(CONFIDENCES)}")
        elif isinstance(value, str):
            found[one.name] = value
        else:
            faults.append(f"`{name}` is no text")
    return Settings(**found), faults


def _camel(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(word.capitalize() for word in more)
