"""The checks of TOMOYO policy, and what they work on."""
