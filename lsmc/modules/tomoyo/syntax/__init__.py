"""From text to lines of TOMOYO policy, as the kernel reads and prints them."""
