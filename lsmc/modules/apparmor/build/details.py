"""What the cache keeps of AppArmor policy beside the bundle, checked before it is used."""

from __future__ import annotations

from typing import Any, NamedTuple

from lsmc.compiler.cache.entry import (
    CacheEntry,
    are,
    are_numbers,
    is_name,
    is_path,
    is_row,
    is_text,
    need,
)


class KeptFile(NamedTuple):
    """A profile file: the names of its profiles, and by number what was asked for it.

    `plain` are the reads of included files that `revise` can deal with, `asks` all
    else.  `environment` is the number of what its profiles were compiled under.
    """

    names: list[str]
    asks: list[int]
    plain: list[int]
    environment: int


class Details(NamedTuple):
    """What else a run leaves: digests of units, files by path, environments, texts of includes.

    An environment is plain data here; its layers and aliases are numbers of `shared`.
    """

    digests: list[str]
    files: dict[str, KeptFile]
    environments: list[Any]
    shared: list[Any]
    texts: dict[str, str]


def read_details(entry: CacheEntry) -> Details:
    """The details of an entry; ValueError when something in them cannot be."""
    head, seen = entry.details(), entry.seen
    need(is_row(head, list, dict, list, list, dict))
    digests, files, environments, shared, texts = head
    need(are(digests, str) and are(texts.values(), str) and all(map(is_text, texts.values())))
    layers = frozenset(number for number, row in enumerate(shared) if _is_layer(row))
    pairs = frozenset(number for number, row in enumerate(shared) if _are_pairs(row))
    for environment in environments:
        need(_is_environment(environment, layers, pairs))
    reads = {path: number for number, ((kind, path), _) in enumerate(seen.asks) if kind == "read"}
    included = frozenset(number for path, number in reads.items() if path in texts)
    kept: dict[str, KeptFile] = {}
    for path, file in files.items():
        need(is_row(file, list, list, list, int) and is_path(path))
        one = kept[path] = KeptFile(*file)
        need(are(one.names, str) and all(is_name(name) for name in one.names))
        need(are_numbers(one.asks, len(seen.asks)) and are_numbers(one.plain, len(seen.asks)))
        need(are_numbers([one.environment], len(environments)))
        _, _, features, profiles = environments[one.environment]
        need(features is None or reads.get(features) in one.asks)
        need(len(one.names) <= len(profiles))
        need(included.issuperset(one.plain))
    return Details(
        digests=digests, files=kept, environments=environments, shared=shared, texts=texts
    )


def _is_environment(row: Any, layers: frozenset[int], pairs: frozenset[int]) -> bool:
    """Whether an environment is whole, and refers to what are layers and aliases."""
    if not (is_row(row, list, int, str, list) or is_row(row, list, int, type(None), list)):
        return False
    own, aliases, _, profiles = row
    return are(own, int) and layers.issuperset(own) and aliases in pairs and _are_pairs(profiles)


def _is_layer(layer: Any) -> bool:
    if not is_row(layer, dict, dict):
        return False
    sets, bools = layer
    values = [value for many in sets.values() if isinstance(many, list) for value in many]
    return (
        are(sets.values(), list)
        and are(values, str)
        and all(map(is_text, (*values, *sets, *bools)))
        and are(bools.values(), bool)
    )


def _are_pairs(rows: Any) -> bool:
    return isinstance(rows, list) and all(
        is_row(row, str, str) and all(map(is_text, row)) for row in rows
    )
