"""Finds ports of this machine that nobody uses, as near as can be to the ones we like best."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import closing

LAST_PORT = 65535


def free_ports(preferred: Iterable[int]) -> Iterator[int]:
    """For each the next free one, and never the same twice."""
    given: set[int] = set()
    for port in preferred:
        found = next(each for each in range(port, LAST_PORT) if each not in given and is_free(each))
        given.add(found)
        yield found


def is_free(port: int) -> bool:
    """Nobody answers there and it can be bound; whatever a closed connection left is no matter."""
    return not answers(port) and _can_be_bound(port)


def answers(port: int) -> bool:
    """Whether something on this machine accepts connections there."""
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _can_be_bound(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
