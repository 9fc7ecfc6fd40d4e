"""Records of TOMOYO: the three lines of its audit interface, and what the kernel log says of it."""
