"""Pictures of what lsmc makes: a report as a browser shows it, and a graph.

None is kept in the repository.  A page places one with `<!-- picture: NAME: what it shows -->`.
Where the program that makes it is missing, the build says which one is left out.
"""

from __future__ import annotations

import contextlib
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Container, Iterator
from pathlib import Path

from click.testing import CliRunner

from lsmc.cli.group import cli
from website.documents import ROOT

_FOLDER = "pictures"
_MARK = re.compile(r"<!-- picture: (\S+): (.+?) -->")
_POLICY = ("profiles", "--base", "profiles", "--no-cache")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_SIZE = "900,640"
_SECONDS = 120
#: The denials of the report, with what was wanted.
_RECORDS = (
    ('operation="open" class="file" profile="nginx" name="/var/www/html/upload/1.png"', "w"),
    ('operation="open" class="file" profile="viewer" name="/home/ann/.ssh/id_ed25519"', "r"),
    ('operation="open" class="file" profile="backup" name="/srv/data/a.db"', "w"),
)


class _NoPicture(Exception):
    """What makes a picture is not installed, or fails."""


def made() -> Iterator[tuple[str, bytes]]:
    """What can be made here: names in the site, and bytes."""
    makers: dict[str, Callable[[], bytes]] = {
        "report.html": _report,
        "report.png": _screenshot,
        "graph.svg": _graph,
    }
    for name, make in makers.items():
        try:
            yield f"{_FOLDER}/{name}", make()
        except _NoPicture as fault:
            print(f"website: picture left out: {name} ({fault})", file=sys.stderr)


def placed(text: str, page: str, known: Container[str]) -> str:
    """A page's Markdown with the pictures that are among the known files.

    A picture of a page that is there as well leads to it.
    """

    def picture(match: re.Match[str]) -> str:
        name, words = match.groups()
        if f"{_FOLDER}/{name}" not in known:
            return ""
        folder = posixpath.relpath(_FOLDER, posixpath.dirname(page))
        shown = f"{posixpath.splitext(name)[0]}.html"
        image = f"![{words}]({folder}/{name})"
        return f"[{image}]({folder}/{shown})" if f"{_FOLDER}/{shown}" in known else image

    return _MARK.sub(picture, text)


def _report() -> bytes:
    """The page of `lsmc explain --html` about a few denials of the samples."""
    lines = (
        f"Aug  1 09:14:0{number} web kernel: audit: type=1400 "
        f'audit(178557564{number}.102:{number}): apparmor="DENIED" {what} pid=2301 comm="x" '
        f'requested_mask="{mask}" denied_mask="{mask}" fsuid=1000 ouid=1000\n'
        for number, (what, mask) in enumerate(_RECORDS)
    )
    with tempfile.TemporaryDirectory() as place:
        Path(place, "profiles").symlink_to(ROOT / "profiles")
        Path(place, "denials.log").write_text("".join(lines), encoding="utf-8")
        _lsmc(place, "explain", *_POLICY, "--log", "denials.log", "--html", "report.html")
        return Path(place, "report.html").read_bytes()


def _screenshot() -> bytes:
    """The report as a browser shows it."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        raise _NoPicture("no Chromium")
    with tempfile.TemporaryDirectory() as place:
        page, picture = Path(place) / "report.html", Path(place) / "report.png"
        page.write_bytes(_report())
        options = ("--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={_SIZE}")
        options += (f"--user-data-dir={place}/profile", f"--screenshot={picture}", page.as_uri())
        try:
            subprocess.run([browser, *options], check=True, capture_output=True, timeout=_SECONDS)
            return picture.read_bytes()
        except (OSError, subprocess.SubprocessError) as fault:
            raise _NoPicture(f"{browser} failed: {fault}") from None


def _graph() -> bytes:
    """The transitions of the sample web server."""
    if shutil.which("dot") is None:
        raise _NoPicture("no Graphviz")
    return _lsmc(ROOT, "graph", *_POLICY, "--from", "nginx", "--format", "svg")


def _lsmc(place: str | Path, *args: str) -> bytes:
    """What a command prints in a directory."""
    with contextlib.chdir(place):
        done = CliRunner().invoke(cli, args, catch_exceptions=False)
    if done.exit_code > 1:
        raise SystemExit(f"website: lsmc {' '.join(args)}: {done.output}")
    return done.stdout_bytes
