"""Says why: the rules behind a verdict, what nearly applied, causes in a log and their remedies."""
