"""What holds for all tests.

How much hypothesis draws: the same examples in every run, unless told to explore.

`HYPOTHESIS_PROFILE=explore` draws new ones, a thousand where a test does not say how many.
No test depends on how fast the machine is just now.
"""

import os
import signal

from hypothesis import HealthCheck, settings

settings.register_profile(
    "gate",
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "explore", settings.get_profile("gate"), derandomize=False, print_blob=False, max_examples=1000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))

# A shell ignores interrupts for what it starts in the background, and its children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
