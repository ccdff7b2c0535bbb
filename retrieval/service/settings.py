"""What a service allows: who may ask, and how much."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from ..errors import RetrievalError

LOOPBACK = "127.0.0.1"
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Who may ask, and how much.

    host, port: where to listen. token: what everybody has to show; needed unless only this machine can ask.
    upload_bytes: of one request. upload_pixels, upload_side: of one picture, in all and along its longer
    side. head_seconds, upload_seconds: how long the head of a request, and all of it, may take to arrive;
    send_seconds: how long a part of an answer may take to be received. most_answers: k at most.
    most_connections: at a time; what comes beyond is told to come back.
    """

    host: str = LOOPBACK
    port: int = 8000
    token: str | None = None
    upload_bytes: int = 32 * 2**20
    upload_pixels: int = 50_000_000
    upload_side: int = 8_192
    head_seconds: float = 10.0
    upload_seconds: float = 30.0
    send_seconds: float = 30.0
    most_answers: int = 200
    most_connections: int = 256

    def __post_init__(self) -> None:
        """Refuse to be reachable from other machines without a token, and tokens that are of no use."""
        if self.token is not None and len(self.token) < 16:
            raise RetrievalError(
                f"token has {len(self.token)} characters, expected 16 or more: it must not be guessed"
            )
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            raise RetrievalError("token has letters or signs that are not ASCII: browsers cannot show them")
        if self.token is None and not is_loopback(self.host):
            raise RetrievalError(
                f"host is {self.host}, which other machines can reach: give a --token that they have to "
                f"show, or leave --host out to serve this machine alone"
            )

    @property
    def hosts(self) -> frozenset[str]:
        """The values of the Host header that are meant for this service."""
        names = {*_LOOPBACK_NAMES, f"[{self.host}]" if ":" in self.host else self.host}
        return frozenset(names | {f"{name}:{self.port}" for name in names})


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
        (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
