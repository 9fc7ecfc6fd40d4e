"""Bundles as bytes: the same policy gives the same ones."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

from hypothesis import given, settings

from tests.places import ROOT
from tests.strategies import Text, compile_both, policies


@settings(max_examples=20)
@given(text=policies())
def test_compiling_again_gives_the_same_bytes(text: Text) -> None:
    """Nothing of a run but its input is in a bundle."""
    assert compile_both(text)[1] == compile_both(text)[1]


COMPILE = """
import hashlib, sys
from lsmc.modules.apparmor.build.driver import compile_files
from lsmc.compiler.inputs import Options
paths = ["profiles"]
options = Options("profiles")
data = compile_files(paths, options, jobs=int(sys.argv[1])).bundle
print(hashlib.sha256(data).hexdigest())
"""


def test_bytes_do_not_depend_on_jobs_or_hash_seed() -> None:
    """One process or two, whatever the order of sets: the sample policy has one bundle."""
    digests = set()
    for jobs, seed in (("1", "1"), ("2", "2")):
        done = subprocess.run(
            [sys.executable, "-c", COMPILE, jobs],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout.strip())
    assert len(digests) == 1
    assert len(digests.pop()) == hashlib.sha256().digest_size * 2
