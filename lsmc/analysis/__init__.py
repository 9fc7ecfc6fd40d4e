"""Questions about whole languages of requests: differences, transitions, what rules name."""
