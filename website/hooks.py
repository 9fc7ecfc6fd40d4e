"""What MkDocs calls while it builds the site: pages made from code, links, pictures.

Generated pages are files like any other for MkDocs, so that its strict mode checks links to them,
and in them, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mkdocs.structure.files import File, Files

from website import api, commands, documents, operations, pictures, rules, schemas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page


def _texts() -> Iterator[tuple[str, str]]:
    """The generated pages: the name in the site, and the Markdown."""
    for maker in (api, commands, documents, operations, rules, schemas):
        yield from maker.pages()


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from code, documents from outside of docs/, and pictures."""
    for name, text in _texts():
        files.append(File.generated(config, name, content=text))
    for name, data in pictures.made():
        files.append(File.generated(config, name, content=data))
    return files


def on_page_markdown(text: str, page: Page, files: Files, **_: object) -> str:
    """Point links to files of the repository at pages of the site, link codes, put pictures in."""
    name = page.file.src_uri
    known = files.src_uris
    return pictures.placed(rules.linked(documents.relinked(text, name), name, known), name, known)
