"""The version of lsmc."""

__version__ = "0.1.0"
