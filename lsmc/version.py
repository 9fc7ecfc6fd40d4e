"""The version of lsmc, and where it is documented."""

__version__ = "0.1.0"

#: Where this copy of lsmc is kept; a copy that is published puts its own address here.
HOME = "https://example.org/lsmc"
