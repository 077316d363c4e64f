"""Where accounts live: one adapter for each directory product, all with the same face."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from directory.accounts import Directory, DirectorySettings
from directory.active_directory import ActiveDirectory
from directory.errors import DirectoryMisconfigured

KINDS: Mapping[str, Callable[[DirectorySettings], Directory]] = {
    "active_directory": ActiveDirectory,
}


def connect(kind: str, settings: DirectorySettings) -> Directory:
    """The adapter for this kind of directory. It connects when it is first asked something."""
    if kind not in KINDS:
        raise DirectoryMisconfigured(f"there is no directory {kind!r}, but: {', '.join(KINDS)}")
    return KINDS[kind](settings)
