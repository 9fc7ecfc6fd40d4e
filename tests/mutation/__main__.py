"""Which small changes of a source file the tests notice.

    python -m tests.mutation [FILE...] [--sample N] [--seed S] [--timeout SECONDS] [--lines A-B]

Each mutant (see `tests.mutation.mutants`) is written to a copy of the repository, where the tests
of its file run until the first fails, the fastest first.  A mutant that fails none survives: either
it is the same program in other words, or a test is missing.  The exit status is 1 if any survived.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

import hypothesis.strategies  # noqa: F401  imported once, as is all that is large and not ours
import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutation.mutants import Mutant, mutants
from tests.places import ROOT

_MEMORY = 1 << 30  # bytes that the tests of a mutant may take

_APPARMOR = "lsmc/modules/apparmor"
_CASES = ("tests/cases", "tests/lint/test_pages.py")
_REDUNDANCY = (*_CASES, "-k", "redundant or examples or LSM1")
_NAMES = (
    "tests/modules/apparmor/lint/test_names.py",
    "tests/modules/apparmor/lint/test_real_objects.py",
    *_CASES,
    *("-k", "names or real_objects or LSM2"),
)
_RISK = ("tests/modules/apparmor/lint/test_risk.py", *_CASES, "-k", "risk or LSM3")
_ABI = ("tests/modules/apparmor/lint/test_abi.py", *_CASES, "-k", "abi or LSM4")
_EXPLAIN = (
    "tests/cli/test_explain.py",
    "tests/modules/apparmor/test_one_answer.py",
    "tests/modules/apparmor/suggest/test_suggest.py",
)
_DIAGNOSIS = ("tests/explain", "tests/cli/test_explain_log.py")

#: The arguments of pytest that run the tests which concern a file, fastest first.
TESTS = {
    f"{_APPARMOR}/decide/precedence.py": (
        "tests/modules/apparmor/decide/test_precedence_laws.py",
        *("tests/cases", "-k", "laws or decisions"),
    ),
    f"{_APPARMOR}/lower/aare.py": ("tests/modules/apparmor/lower/test_aare.py",),
    "lsmc/automata/algebra.py": ("tests/automata/test_algebra.py",),
    "lsmc/analysis/redundancy/overlaps.py": _REDUNDANCY,
    "lsmc/analysis/redundancy/overridden.py": _REDUNDANCY,
    "lsmc/analysis/redundancy/redundant.py": _REDUNDANCY,
    "lsmc/analysis/redundancy/removal.py": _REDUNDANCY,
    "lsmc/analysis/redundancy/scopes.py": _REDUNDANCY,
    f"{_APPARMOR}/lower/implied.py": _REDUNDANCY,
    f"{_APPARMOR}/lint/attachment_ranks.py": _NAMES,
    f"{_APPARMOR}/lint/peers.py": _NAMES,
    f"{_APPARMOR}/lint/transitions.py": _RISK,
    f"{_APPARMOR}/lint/path_sets.py": _RISK,
    f"{_APPARMOR}/lint/assertions.py": _RISK,
    f"{_APPARMOR}/lint/abi.py": _ABI,
    f"{_APPARMOR}/explain/reasons.py": _EXPLAIN,
    f"{_APPARMOR}/explain/near_misses.py": _EXPLAIN,
    f"{_APPARMOR}/suggest/trial.py": (*_EXPLAIN, "tests/modules/apparmor/suggest"),
    "lsmc/explain/diagnosis.py": _DIAGNOSIS,
    "lsmc/explain/log_groups.py": _DIAGNOSIS,
}


def main() -> int:
    """Run the mutants that the command line asks for, and report the survivors."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("files", nargs="*", metavar="FILE", help="a row of `TESTS`; all by default")
    parser.add_argument("--sample", type=int, help="how many mutants of each file; all by default")
    parser.add_argument("--seed", type=int, default=0, help="draws the sample")
    parser.add_argument("--timeout", type=int, default=20, help="seconds of processor time")
    parser.add_argument("--lines", help="only mutants of these lines: `10-25`")
    options = parser.parse_args()
    unknown = set(options.files) - set(TESTS)
    if unknown:
        parser.error(f"no tests are named for {', '.join(sorted(unknown))}")
    # A failure is all that counts, so none is made smaller; `tests/conftest.py` reads the variable.
    settings.register_profile(
        "mutation",
        derandomize=True,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    os.environ["HYPOTHESIS_PROFILE"] = "mutation"
    survived = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "*.so"))
        for name in options.files or TESTS:
            chosen = list(mutants((ROOT / name).read_text()))
            if options.lines:
                first, last = map(int, options.lines.split("-"))
                chosen = [mutant for mutant in chosen if first <= mutant.line <= last]
            if options.sample is not None and options.sample < len(chosen):
                numbers = random.Random(options.seed).sample(range(len(chosen)), options.sample)
                chosen = [chosen[number] for number in sorted(numbers)]
            survived += _try_all(copy, name, chosen, options.timeout)
    return 1 if survived else 0


def _try_all(copy: Path, name: str, chosen: list[Mutant], timeout: int) -> int:
    """Test the mutants of one file; the number of survivors."""
    original = (copy / name).read_text()
    if _fails(copy, TESTS[name], timeout * 4):
        sys.exit(f"{name}: its tests fail without any change")
    # What the first run compiled serves all others, except the file that changes.
    sys.dont_write_bytecode = True
    for compiled in (copy / name).parent.glob(f"__pycache__/{Path(name).stem}.*"):
        compiled.unlink()
    survivors = []
    begun = time.monotonic()
    for mutant in chosen:
        (copy / name).write_text(mutant.source)
        if not _fails(copy, TESTS[name], timeout):
            survivors.append(mutant)
            print(f"{name}:{mutant.line}: `{mutant.before}` as `{mutant.after}`", flush=True)
    (copy / name).write_text(original)
    killed = len(chosen) - len(survivors)
    seconds = time.monotonic() - begun
    print(f"{name}: {killed} of {len(chosen)} mutants killed in {seconds:.0f} s", flush=True)
    return len(survivors)


def _fails(copy: Path, tests: tuple[str, ...], timeout: int) -> bool:
    """Whether the tests of the copy fail, or take too long on the processor, busy or not."""
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (timeout, timeout))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        _run(copy, tests)
    return os.waitpid(child, 0)[1] != 0


def _run(copy: Path, tests: tuple[str, ...]) -> NoReturn:
    """Run the tests in this process, which has imported nothing of the copy yet, and end it."""
    for module in [name for name in sys.modules if name.split(".")[0] in {"lsmc", "tests"}]:
        del sys.modules[module]
    sys.path.insert(0, str(copy))
    os.chdir(copy)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    quick = ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist"]
    os._exit(pytest.main([*quick, *tests]))


if __name__ == "__main__":
    sys.exit(main())
