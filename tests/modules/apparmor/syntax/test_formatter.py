"""The formatter: what it writes, and that nothing but the layout changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.base.source import Source
from lsmc.modules.apparmor.syntax.ast import meaning
from lsmc.modules.apparmor.syntax.formatter import format_text, same_meaning
from lsmc.modules.apparmor.syntax.parser import parse
from lsmc.modules.apparmor.syntax.permission_words import in_order
from lsmc.modules.apparmor.syntax.printer import format_file
from tests.modules.apparmor.syntax.test_printer import PIECES, SAMPLES, SLOTS, WORDS


def comments(text: str) -> list[str]:
    file, _ = parse(Source("t", text))
    return [comment.span.text.rstrip() for comment in file.comments]


def check(text: str, *, words: bool = True) -> str:
    """Format a text that parses; whatever it is, these hold."""
    source = Source("t", text)
    file, problems = parse(source)
    if problems:
        return text
    done = format_text(source, words=words)
    again, faults = parse(Source("t", done))
    assert [str(fault) for fault in faults] == []
    assert same_meaning(file, again)
    assert words or meaning(file) == meaning(again)
    assert comments(done) == comments(text)
    assert format_text(Source("t", done), words=words) == done
    return done


PROFILE = """\
# a header
#include <tunables/global>


@{A}=/a \\
    /b   # two
profile p /bin/p flags=( complain , audit ) { # why
\t#include <abstractions/base>
  /a   wrk,/b rm ,   # both
  deny @{A}/"x" w,



  # last
}
# end"""


def test_a_profile() -> None:
    text = PROFILE.replace('@{A}/"x"', '"@{A}/x  y"') + "\n"
    assert (
        check(text)
        == """\
# a header
include <tunables/global>

@{A} = /a \\
    /b   # two
profile p /bin/p flags=(complain, audit) { # why
  include <abstractions/base>
  /a rwk,
  /b mr,   # both
  deny "@{A}/x  y" w,

  # last
}
# end
"""
    )


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("", ""),
        ("\n\n\n", ""),
        ("# c  \n\n\n\n# d\n", "# c\n\n# d\n"),
        ("/a r,\r\n/b w,\r\n", "  /a r,\n  /b w,\n"),
        ("owner /a rPx -> b,\n", "  owner /a rPx -> b,\n"),
        ("priority = -1 audit deny /a  w,\n", "  priority=-1 audit deny /a w,\n"),
        ("signal(send,receive)set=(hup)peer=a,\n", "  signal (send, receive) set=(hup) peer=a,\n"),
        ("signal ( send receive ) ,\n", "  signal (send receive),\n"),
        (
            "network inet stream , capability\tchown ,",
            "  network inet stream,\n  capability chown,\n",
        ),
        ("unix peer = ( label=a,addr = @x ),\n", "  unix peer=(label=a, addr=@x),\n"),
        ("mount options in(ro , rw) /a->/b,\n", None),
        ("mount options in (ro , rw) /a  -> /b,\n", "  mount options in (ro, rw) /a -> /b,\n"),
        ("set rlimit cpu<=2min,\n", "  set rlimit cpu <= 2min,\n"),
        ("abi\n<abi/4.0>  ,\n", "abi\n  <abi/4.0>,\n"),
        ("alias   /a->/b,\n", None),
        ("alias   /a   ->   /b ,\n", "alias /a -> /b,\n"),
        ("#include   if  exists<a>\n", None),
        ("#include   if  exists <a>\n", "include if exists <a>\n"),
        ('include   "a  b"\n', 'include "a  b"\n'),
        ("$B   =true\n", "$B = true\n"),
        ("@{A}+=b\n", "@{A} += b\n"),
        ("profile a{}\n", None),
        ("profile a\n{\n}\n", "profile a {\n}\n"),
        ("profile a { ^h { } }\n", "profile a {\n  ^h {\n  }\n}\n"),
        ("profile a { /a r, # c\n}\n", "profile a {\n  /a r, # c\n}\n"),
        (
            "profile a {\nif $x {\n}\n\nelse   if ($y and not $z){ }\n# c\nelse { }\n}\n",
            "profile a {\n  if $x {\n  } else if ($y and not $z) {\n  }\n  # c\n  else {\n  }\n}\n",
        ),
        ("deny {\n/a r,\n}\n", "  deny {\n    /a r,\n  }\n"),
        ("  include <a>\n", "  include <a>\n"),
        ("\tinclude <a>\n  include <b>\n", "  include <a>\n  include <b>\n"),
        ("include <a>\n  include <b>\n", "include <a>\ninclude <b>\n"),
    ],
)
def test_layout(text: str, done: str | None) -> None:
    if done is None:
        assert check(text)
    else:
        assert parse(Source("t", text))[1] == ()
        assert check(text) == done


def test_lines_of_a_long_rule_keep_their_shape() -> None:
    text = """\
profile p {
      dbus send
           bus=session
           path=/org
           peer=(name=a,label=b),
      signal send set=(
        hup,
        term,
      ),
      capability # why
        chown # this
        # and
        kill,
}
"""
    assert (
        check(text)
        == """\
profile p {
  dbus send
       bus=session
       path=/org
       peer=(name=a, label=b),
  signal send set=(
    hup,
    term
  ),
  capability # why
    chown # this
    # and
    kill,
}
"""
    )


def test_a_fragment_is_indented_as_the_body_that_it_will_be_in() -> None:
    text = "# header\n\n# about a\n/a r,\nif $b {\n/b r,\n}\n\n# vim:ft=apparmor\n"
    assert check(text) == (
        "# header\n\n  # about a\n  /a r,\n  if $b {\n    /b r,\n  }\n\n# vim:ft=apparmor\n"
    )


def test_words_can_be_left_alone() -> None:
    text = "#include  <a>\n/a   wr,\n"
    assert check(text, words=False) == "  #include <a>\n  /a wr,\n"


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("include\n{ }\n", "include\n{\n}\n"),  # on one line it would be a directive
        ("signal  a\\\n,\n", "  signal  a\\\n,\n"),  # `a\,` would be a longer word
        ("@{A} = b \\", "@{A} = b \\"),  # a line end would be continued
    ],
)
def test_what_a_blank_would_change_stays(text: str, done: str) -> None:
    assert parse(Source("t", text))[1] == ()
    assert check(text) == done


@pytest.mark.parametrize(
    ("word", "done"),
    [
        ("wr", "rw"),
        ("rixm", "mrix"),
        ("klwrm", "mrwlk"),
        ("Pixr", "rPix"),
        ("xw", "wx"),
        ("ixpx", "ixpx"),
        ("WR", "RW"),
        ("ra", "ra"),
    ],
)
def test_permission_order(word: str, done: str) -> None:
    assert in_order(word) == done


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: str(path.relative_to(path.parents[1])))
def test_samples_are_formatted(path: Path) -> None:
    text = path.read_bytes().decode("latin-1")
    assert check(text) == text


@given(st.sampled_from(SLOTS), st.lists(WORDS, min_size=3, max_size=3))
def test_any_words(slot: str, words: list[str]) -> None:
    check(slot.format(*words))


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_pieces_of_the_language(text: str) -> None:
    # what is printed always parses, so nothing is passed over
    check(text)
    check(format_file(parse(Source("t", text))[0]))


_blanks = st.sampled_from(
    ["", " ", "  ", "\t", "\n", "\n\n\n", " # c\n", "\n\t# d  \n", "\r\n", ","]
)


@given(st.data())
def test_samples_with_other_blanks(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(SAMPLES)).read_bytes().decode("latin-1")
    blanks = [at for at, char in enumerate(text) if char in " \n,{}"]
    for at in sorted(data.draw(st.lists(st.sampled_from(blanks), max_size=6)), reverse=True):
        gap = data.draw(_blanks)
        text = text[: at + 1] + gap + text[at + 1 :]
    check(text)
