"""The exception for bundles that cannot be read."""

from __future__ import annotations

from lsmc.base.errors import Error


class BundleError(Error):
    """The bytes are not a bundle, or the bundle is cut short or damaged."""
