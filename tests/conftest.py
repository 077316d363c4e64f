"""What every test may ask for."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.samba import samba

__all__ = ["samba"]

# A busy machine makes a test slow, not wrong.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")
