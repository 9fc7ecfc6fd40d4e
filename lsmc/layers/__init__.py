"""The whole stack: file modes and users, capabilities, and the order in which they are asked."""
