"""The command line and the bundle of the sample profiles, as the tests of the command line."""

from tests.cli.conftest import bundle, run

__all__ = ["bundle", "run"]
