"""Things break for real while people wait; after each fault the same five promises are checked."""
