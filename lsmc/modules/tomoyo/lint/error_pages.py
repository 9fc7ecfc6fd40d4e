"""The pages of what the kernel refuses, which no check finds."""

from __future__ import annotations

from lsmc.compiler.errors import CODES as SHARED
from lsmc.lint.error_pages import ErrorPage, pages_of
from lsmc.lint.rule_docs import Page
from lsmc.modules.tomoyo.syntax import reader

#: The names of the errors by code: those of TOMOYO, and those of every module.
ERRORS = {
    **{f"LSM{SHARED[name]:03d}": name for name in ("unreadable-file", "file-outside")},
    **reader.ERRORS,
}


_WHY = """the kernel says nothing and goes on without the line, so that what it was to grant is
refused."""
_PAGES = {
    "refused-line": ErrorPage(
        summary="A line that the kernel does not take.",
        what="lines with words, numbers, patterns or conditions that cannot be.",
        why=_WHY,
        bad="<kernel> /bin/a\nuse_profile 3\nfile Read /etc/hosts",
        good="<kernel> /bin/a\nuse_profile 3\nfile read /etc/hosts",
        cure="write the line as the message says; tomoyo-checkpolicy takes some of them, the kernel"
        " none.",
    ),
    "line-too-long": ErrorPage(
        summary="A line that is longer than a page.",
        what="lines of 4096 bytes and more.",
        why=_WHY,
        bad=f"<kernel> /bin/a\nuse_profile 3\nfile read /{'a' * 4096}",
        good="<kernel> /bin/a\nuse_profile 3\nfile read /a",
        cure="use a pattern or a group, or several lines with fewer conditions.",
    ),
    "line-without-domain": ErrorPage(
        summary="A line that stands before any domain.",
        what="the first line of a file of domains, if it is not a domain.",
        why=_WHY,
        bad="file read /etc/hosts\n<kernel> /bin/a\nuse_profile 3",
        good="<kernel> /bin/a\nuse_profile 3\nfile read /etc/hosts",
        cure="write the domain's name on a line before it.",
    ),
    "bad-domain": ErrorPage(
        summary="A domain with a name that cannot be.",
        what="names that are not a name space and absolute paths, or that are too long.",
        why=_WHY,
        bad="<kernel> bin/a\nuse_profile 3\nfile read /etc/hosts",
        good="<kernel> /bin/a\nuse_profile 3\nfile read /etc/hosts",
        cure="write the whole history, as `<kernel> /usr/sbin/sshd /bin/sh`.",
    ),
    "undefined-profile": ErrorPage(
        summary="A domain with a profile that is not defined.",
        what="`use_profile N` where no file of profiles has lines of N; without such a"
        " file, the profiles 0 to 3 of a new system are taken.",
        why=_WHY,
        bad="<kernel> /bin/a\nuse_profile 7",
        good="<kernel> /bin/a\nuse_profile 3",
        cure="define the profile, or use another.",
    ),
    "unknown-policy-file": ErrorPage(
        summary="A file of which neither name nor content tells what it is.",
        what="files that are named, and hold no line of any kind of policy.",
        why=_WHY,
        bad="# file: rules\nfile read /etc/hosts",
        good="# file: rules\n<kernel> /bin/a\nfile read /etc/hosts",
        cure="name it domain_policy.conf, exception_policy.conf, profile.conf or manager.conf.",
    ),
}


def error_pages() -> dict[str, Page]:
    """The pages of the errors by code."""
    return pages_of(ERRORS, _PAGES, "tomoyo")
