"""`make demo`: the whole product on this machine, against the simulated outside world."""
