"""Search in a browser and over HTTP: one index, served to this machine."""

from .app import create_app
from .settings import ServiceSettings

__all__ = ["ServiceSettings", "create_app"]
