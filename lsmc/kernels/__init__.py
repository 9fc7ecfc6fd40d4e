"""The hot loops, over ints, tuples and arrays; compiled where a compiler is at hand."""
