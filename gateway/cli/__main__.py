"""`python -m gateway.cli` is the same as `resetline`: the supervisor starts its children so."""

from gateway.cli import main

main()
