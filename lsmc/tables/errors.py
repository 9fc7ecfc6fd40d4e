"""What goes wrong with bundles."""

from __future__ import annotations

from lsmc.base.errors import Error


class BundleError(Error):
    """The bytes are not a bundle, or are one that is cut short or damaged."""
