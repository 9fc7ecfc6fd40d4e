"""What the module says of the policy that it reads; apart, since questions import no compiler."""

from __future__ import annotations

#: The setting that leaves `neverallow` and bounds unchecked.
NO_NEVERALLOW = "no-neverallow"
#: Bytes of one file: the largest in use has a third.
MAX_SOURCE = 1 << 24
