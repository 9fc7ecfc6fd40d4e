"""Open documents, their paths, and the file system with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.server.documents import Documents, path_of, uri_of
from lsmc.server.positions import Position, Range


@pytest.mark.parametrize("path", ["/etc/apparmor.d/a b", "/ä/%41#?", "/x/\udcff"])
def test_a_path_and_its_address_are_one(path: str) -> None:
    assert path_of(uri_of(path)) == path


@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "git:/a/b?x", "", "file:", "http://[x"])
def test_what_is_no_file_has_a_path_that_no_file_has(uri: str) -> None:
    path = path_of(uri)
    assert path.startswith("/dev/null/")
    assert not Path(path).exists()


def test_open_texts_stand_for_files_and_for_files_that_are_not_there(tmp_path: Path) -> None:
    there, new = tmp_path / "there", tmp_path / "new"
    there.write_text("old")
    documents = Documents()
    documents.open(there.as_uri(), "", 1, "open")
    documents.open(new.as_uri(), "", 1, "new")
    files = documents.files(100)
    assert files.read(str(there)) == b"open"
    assert files.read(str(new)) == b"new"
    assert files.entries(str(tmp_path)) == ["new", "there"]
    assert files.exists(str(new))
    documents.close(there.as_uri())
    assert documents.files(100).read(str(there)) == b"old"


def test_a_file_that_changed_on_disk_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("one")
    documents = Documents()
    assert documents.files(100).read(str(path)) == b"one"
    path.write_text("three")
    assert documents.files(100).read(str(path)) == b"three"


def test_a_document_above_the_limit_cannot_be_read(tmp_path: Path) -> None:
    documents = Documents()
    document = documents.open((tmp_path / "a").as_uri(), "", 1, "x" * 11)
    with pytest.raises(OSError, match="larger than 10 bytes"):
        documents.files(10).read(document.path)


def test_changes_are_made_one_after_the_other() -> None:
    documents = Documents()
    document = documents.open("untitled:a", "", 1, "ab")
    first = Range(Position(0, 2), Position(0, 2))
    second = Range(Position(0, 3), Position(0, 3))
    changed = documents.change("untitled:a", 2, [(first, "𝄞"), (second, "c")])
    assert changed is not None
    assert changed.text.data == "ab𝄞c".encode()  # a place inside a character is behind it
    assert documents.get(document.path) is changed
    assert documents.change("untitled:b", 1, []) is None
