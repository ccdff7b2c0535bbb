"""Search in a browser and over HTTP: one index, served to this machine."""

from .app import create_app
from .server import Server
from .settings import ServiceSettings
from .workers import Workers, default_workers

__all__ = ["Server", "ServiceSettings", "Workers", "create_app", "default_workers"]
