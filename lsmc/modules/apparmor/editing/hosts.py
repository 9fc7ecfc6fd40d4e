"""By what a file is judged that is no profile: an abstraction, a tunable, a local addition.

Such a file means something in the files that include it alone.  So a profile is made up that has
the file and nothing else, under the preamble of one that includes it: what is found then holds
wherever the file is included.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence

from lsmc.base.source import to_path
from lsmc.base.text import encode
from lsmc.modules.apparmor.editing.tree_index import IndexedFile, TreeIndex, includes
from lsmc.modules.apparmor.resolve.library import Library, Parsed
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.walk import walk
from lsmc.modules.editing import Scope

#: The name of a file that is made up, by that of the file; hidden, so that no include means it.
_MADE_UP = ".{} in lsmc"
#: The variables of all profiles.
_GLOBAL = "tunables/global"
_PREAMBLE = (ast.Assign, ast.AssignBool, ast.Alias, ast.Abi)


def host_of(parsed: Parsed, library: Library, base: str, tree: Callable[[], TreeIndex]) -> Scope:
    """What is judged with a file: itself, or a made up profile that includes it.

    `tree` gives the names in all files at the base, for a file that is no profile.
    """
    items = parsed.tree.items
    outside = not parsed.path.startswith(posixpath.join(base, ""))
    if outside or not items or _is_whole(parsed, tree):
        return Scope((parsed.path,))
    tunable = posixpath.relpath(parsed.path, base).startswith("tunables/")
    before = _preamble(parsed.path, library, tree())
    include = f'include "{parsed.path}"\n'
    if _belongs_in_body(items, tunable):
        text = f"{before}profile lsmc-host {{\n{include}}}\n"
    elif _is_included(library, parsed.path):
        text = before
    else:
        text = before + include
    folder, own = posixpath.split(parsed.path)
    name = posixpath.join(folder, _MADE_UP.format(own))
    return Scope((name,), {name: encode(text)})


def _is_whole(parsed: Parsed, tree: Callable[[], TreeIndex]) -> bool:
    """Whether a file has profiles of its own, and not such as its rules are put beside."""
    items = parsed.tree.items
    if not any(isinstance(item, ast.Profile) for item in items):
        return False
    loose = any(isinstance(item, ast.Rule) for item in items)
    return not loose or not any(True for _ in tree().includers(parsed.path))


def _belongs_in_body(items: Sequence[ast.Item], tunable: bool) -> bool:
    if any(not isinstance(item, (*_PREAMBLE, ast.Include)) for item in items):
        return True
    return not tunable and all(isinstance(item, ast.Include | ast.Abi) for item in items)


def _is_included(library: Library, path: str) -> bool:
    """Whether the variables of all profiles include a file."""
    todo = [posixpath.join(folder, _GLOBAL) for folder in library.search]
    seen = set(todo)
    while todo:
        try:
            parsed = library.file(todo.pop())
        except OSError:
            continue
        for item in walk(parsed.tree.items):
            if isinstance(item, ast.Include):
                for found in library.find(item.path, item.magic) or ():
                    if found == path:
                        return True
                    if found not in seen:
                        seen.add(found)
                        todo.append(found)
    return False


def _preamble(path: str, library: Library, tree: TreeIndex) -> str:
    """What stands before the profile that includes a file, of the first such profile.

    Where there are variables of all profiles, it is one that has them, else they stand alone.
    """
    names = (posixpath.join(folder, _GLOBAL) for folder in library.search)
    shared = any(map(library.files.exists, names))
    for host in _including_profiles(path, tree):
        if not shared or any(name.text == _GLOBAL for name in includes(host.found)):
            first = min(one.start for one in host.found.profiles)
            return to_path(host.source.text[:first])
    return f"include <{_GLOBAL}>\n" if shared else ""


def _including_profiles(path: str, index: TreeIndex) -> Iterator[IndexedFile]:
    """The files with profiles that include a file, by others too, and are in none themselves."""
    todo, seen = [path], {path}
    while todo:
        for above in index.includers(todo.pop(0)):
            one = index.get(above)
            if one is not None and one.found.profiles and not [*index.includers(above)]:
                yield one
            if above not in seen:
                seen.add(above)
                todo.append(above)
