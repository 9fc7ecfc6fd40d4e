"""The words in the editors' syntax files are those of the code."""

from __future__ import annotations

import re

from lsmc.modules.apparmor.syntax.lexer_modes import KEYWORDS
from scripts.check_editors import FOLDER, FORMS, filled, words

#: Keywords that start something of their own, which the syntax files write out.
BY_HAND = {"abi", "capability", "change_profile", "rlimit", "userns", "if", "else"}


def test_the_files_have_the_words_of_the_code() -> None:
    lists = words()
    for name, forms in FORMS.items():
        text = (FOLDER / name).read_text(encoding="utf-8")
        for form in forms:
            assert re.search(form.pattern, text, re.MULTILINE), name
            assert filled(text, form, lists) == text, name


def test_a_word_too_few_is_seen() -> None:
    name, (form, *_) = next(iter(FORMS.items()))
    text = (FOLDER / name).read_text(encoding="utf-8")
    shorter = text.replace("net_admin, ", "")
    assert shorter != text
    assert filled(shorter, form, words()) == text


def test_each_keyword_is_in_one_list() -> None:
    lists = words()
    kinds = ("profile", "qualifier", "statement", "rule", "socketRule", "mountRule", "ioUring")
    listed = [word for kind in kinds for word in lists[kind]]
    keywords = {word for word, (kind, _) in KEYWORDS.items() if kind != "RESERVED"}
    assert sorted(listed) == sorted(keywords - BY_HAND)
