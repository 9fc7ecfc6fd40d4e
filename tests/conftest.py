"""What holds for all tests.

How much hypothesis draws: the same examples in every run, unless told to explore.

`HYPOTHESIS_PROFILE=explore` draws new ones, a thousand where a test does not say how many.
"""

import os
import signal

from hypothesis import settings

settings.register_profile("gate", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", derandomize=False, deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))

# A shell ignores interrupts for what it starts in the background, and its children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
