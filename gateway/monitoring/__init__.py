"""How the installation is doing, read from the database: the same from every process."""

from gateway.monitoring.figures import CONTENT_TYPE, metrics
from gateway.monitoring.readiness import readiness

__all__ = ["CONTENT_TYPE", "metrics", "readiness"]
