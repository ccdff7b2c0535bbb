"""Who may ask: checks that every request passes before anything of it is read."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .settings import ServiceSettings
from .time_limit import TimeLimit

COOKIE = "retrieve_token"
_OPEN = ("/healthz",)
_SAFE_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]


class Guard:
    """Refuses requests that were meant for another host, come from another site, or show no token.

    A page elsewhere can make a browser ask 127.0.0.1, also by a name that it has pointed there (DNS
    rebinding): the Host, Origin and Sec-Fetch-Site headers tell. What is let through may be
    `upload_bytes` long and take `upload_seconds` to arrive; nobody waits longer than `send_seconds` for a
    part of an answer to be received.
    """

    def __init__(self, app: ASGIApp, settings: ServiceSettings) -> None:
        """Guard `app`."""
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let it through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            # As GET; what sends the answer leaves its body out.
            scope = {**scope, "method": "GET"}
        headers = Headers(scope=scope)
        sending = _with_safe_headers(send)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, sending)
            return
        bounded = _Bounded(receive, self._settings)
        with contextlib.suppress(_Aborted):
            await self._app(scope, bounded, bounded.watched(sending))
        if bounded.refusal is not None and not bounded.answered:
            await bounded.refusal(scope, receive, sending)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        settings = self._settings
        if headers.get("host", "").lower() not in settings.hosts and settings.token is None:
            return _refused(421, "this service is not called by that name")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
            return _refused(403, "pages of other sites may not ask this service")
        if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
            top = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
            if not (top and scope["path"] == "/"):
                return _refused(403, "pages of other sites may not ask this service")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > settings.upload_bytes:
            return _refused(*_too_large(settings))
        return None if settings.token is None else self._without_token(scope, headers, settings.token)

    def _without_token(self, scope: Scope, headers: Headers, token: str) -> Response | None:
        if scope["path"] in _OPEN:
            return None
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        if scope["path"] == "/" and _same(given, token):
            # Out of the address, so that it does not stay in histories.
            moved = RedirectResponse("/", status_code=303)
            moved.set_cookie(COOKIE, token, httponly=True, samesite="strict")
            return moved
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        shown = shown if scheme.lower() == "bearer" else ""
        if _same(shown, token) or _same(_cookie(headers), token):
            return None
        refused = _refused(401, "show the token: open /?token=…, or send Authorization: Bearer …")
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused


class _Aborted(Exception):
    """The rest of a request is not read."""


class _Bounded:
    """`receive` of a request that may be so long and take so long to arrive.

    `refusal`: the answer to one that was longer or slower, in place of what the application makes of that.
    """

    def __init__(self, receive: Receive, settings: ServiceSettings) -> None:
        self._receive = receive
        self._settings = settings
        self._left = settings.upload_bytes
        self._deadline = asyncio.get_running_loop().time() + settings.upload_seconds
        self._complete = False
        self.refusal: Response | None = None
        self.answered = False

    async def __call__(self) -> Message:
        if self._complete:
            return await self._receive()
        remaining = self._deadline - asyncio.get_running_loop().time()
        try:
            async with TimeLimit(remaining):
                message = await self._receive()
        except TimeoutError as error:
            self.refusal = _refused(
                408, f"the request took longer than {self._settings.upload_seconds:g} s to arrive"
            )
            raise _Aborted from error
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.refusal = _refused(*_too_large(self._settings))
            raise _Aborted
        self._complete = not message.get("more_body", False)
        return message

    def watched(self, send: Send) -> Send:
        """`send` for the application: not for a refused request, nor for who does not take the answer."""

        async def sent(message: Message) -> None:
            if self.refusal is not None and not self.answered:
                return
            self.answered = True
            try:
                async with TimeLimit(self._settings.send_seconds):
                    await send(message)
            except TimeoutError as error:
                raise _Aborted from error

        return sent


def _with_safe_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *_SAFE_HEADERS]
        await send(message)

    return sent


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"detail": why}, status_code=status, headers={"Connection": "close"})


def _too_large(settings: ServiceSettings) -> tuple[int, str]:
    return 413, f"the request is larger than {settings.upload_bytes // 2**20} MB"


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def _cookie(headers: Headers) -> str:
    try:
        kept = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return "" if kept is None else kept.value
