"""The kernels: plain Python that Cython compiles as it stands, each by itself and side by side.

`optional` makes a missing compiler or missing Python headers no error: the same files then run
interpreted.  LSMC_KERNELS=plain does not compile them, which takes seconds in place of a minute;
`lsmc --version` says which they are.  All else about the package stands in pyproject.toml.
"""

import os
from pathlib import Path

from setuptools import Extension, setup


def kernels() -> list[Extension]:
    """An extension for each file of lsmc/kernels; what begins with `_` is no kernel."""
    if os.environ.get("LSMC_KERNELS") == "plain":
        return []
    names = sorted(path.stem for path in Path("lsmc/kernels").glob("[!_]*.py"))
    return [
        Extension(
            f"lsmc.kernels.{name}",
            [f"lsmc/kernels/{name}.py"],
            extra_compile_args=["-g0"],  # a fifth of the size; nobody debugs C that was generated
            optional=True,
        )
        for name in names
    ]


setup(ext_modules=kernels(), options={"build_ext": {"parallel": os.cpu_count()}})
