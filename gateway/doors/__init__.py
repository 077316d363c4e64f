"""Where the world comes in: a door parses, proves the caller, calls the engine and answers."""
