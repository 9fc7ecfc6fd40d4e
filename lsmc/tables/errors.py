"""What goes wrong with bundles."""

from __future__ import annotations


class BundleError(Exception):
    """The bytes are no bundle, or one that is cut short or damaged."""
