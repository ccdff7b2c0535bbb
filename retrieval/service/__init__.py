"""Search in a browser and over HTTP: one index, served to this machine."""

from .app import create_app
from .server import Server
from .settings import ServiceSettings

__all__ = ["Server", "ServiceSettings", "create_app"]
