"""The version of lsmc."""

__version__ = "0.2.0"
