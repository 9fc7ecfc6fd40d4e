"""Policy packages and packed files: unpacked, converted, or refused in one error."""

from __future__ import annotations

import bz2
from pathlib import Path

import pytest

from lsmc.base.diagnostics import PolicyError
from lsmc.base.source import Source
from lsmc.modules.selinux import package
from lsmc.modules.selinux.package import unpacked

PACKAGE = b"\x8f\xff\x7c\xf9 and so on"


def texts(path: str, data: bytes) -> list[str]:
    return [one.text for one in unpacked([Source.from_bytes(path, data)])]


def refusal(path: str, data: bytes) -> str:
    with pytest.raises(PolicyError) as refused:
        unpacked([Source.from_bytes(path, data)])
    (one,) = refused.value.diagnostics
    assert (one.name, one.file) == ("module-package", path)
    return f"{one.message}; {one.help}" if one.help else one.message


@pytest.fixture
def converter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A converter that tells how many bytes it got; it refuses packages with `bad` in them."""
    path = tmp_path / "pp"
    path.write_text(
        "#!/bin/sh\ndata=$(cat)\n"
        'case "$data" in *bad*) echo "package truncated" >&2; exit 255;; esac\n'
        'echo "(type t${#data})"\n'
    )
    path.chmod(0o755)
    monkeypatch.setattr(package, "CONVERTERS", (str(tmp_path / "none"), str(path)))
    return path


def test_cil_stays_as_it_is() -> None:
    assert texts("a.cil", b"(type a)") == ["(type a)"]


def test_packed_cil_is_unpacked() -> None:
    assert texts("a.cil", bz2.compress(b"(type a)")) == ["(type a)"]


@pytest.mark.usefixtures("converter")
def test_a_package_is_converted() -> None:
    (text,) = texts("a.pp", PACKAGE)
    assert text.startswith("(type t")
    assert texts("a.pp.bz2", bz2.compress(PACKAGE)) == [text]


@pytest.mark.usefixtures("converter")
def test_what_the_converter_refuses_is_one_error() -> None:
    assert refusal("a.pp", PACKAGE + b" bad") == (
        "this policy package can not be converted: package truncated"
    )


def test_without_a_converter_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "CONVERTERS", ("/no such directory/pp",))
    assert refusal("a.pp", PACKAGE) == (
        "a policy package is read by /no such directory/pp, which is not there;"
        " install policycoreutils, or give the module as CIL"
    )


def test_damaged_files(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = bz2.compress(b"(type a)" * 100)
    assert refusal("a.pp.bz2", packed[:40]) == "this file is cut short"
    assert refusal("a.cil", b"BZh9 and nothing") == "this file is damaged: bzip2 can not unpack it"
    assert refusal("a.pp", b"(type a)") == "this is no policy package"
    monkeypatch.setattr(package, "MAX_SOURCE", 500)
    assert refusal("a.cil", packed) == "this file has more than 500 bytes when it is unpacked"
