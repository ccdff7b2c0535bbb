"""Who may ask: this machine alone, or who shows the token; and never a page of another site."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import uvicorn

from retrieval.errors import RetrievalError
from retrieval.service import ServiceSettings, create_app

TOKEN = "a token of more than sixteen letters"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "127.0.0.1:9999", ""])
def test_other_names_are_refused(service, host):
    assert service().get("/info", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "[::1]:8000"])
def test_its_own_names_are_not(service, host):
    assert service().get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:1"])
def test_pages_of_other_sites_may_not_ask(service, origin):
    answer = service().get("/images/0", headers={"origin": origin})
    assert (answer.status_code, "access-control-allow-origin" in answer.headers) == (403, False)


def test_nor_may_they_show_its_pictures(service):
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert service().get("/images/0", headers=headers).status_code == 403
    assert service().get("/images/0").headers["cross-origin-resource-policy"] == "same-origin"
    followed = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert service().get("/", headers=followed).status_code == 200


def test_its_own_page_may(service):
    headers = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    assert service().get("/info", headers=headers).status_code == 200


def test_other_machines_need_a_token():
    with pytest.raises(RetrievalError, match="give a --token"):
        ServiceSettings(host="0.0.0.0")
    with pytest.raises(RetrievalError, match="16 or more"):
        ServiceSettings(host="0.0.0.0", token="short")


def test_without_the_token_nothing_is_told(service):
    client = service(host="0.0.0.0", token=TOKEN)
    for path in ("/", "/info", "/images/0", "/openapi.json", "/?token=wrong"):
        assert client.get(path).status_code == 401, path
    assert client.get("/healthz").status_code == 200
    assert client.get("/info", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_the_token_in_the_address_becomes_a_cookie_that_scripts_cannot_read(service):
    client = service(host="0.0.0.0", token=TOKEN)
    moved = client.get("/", params={"token": TOKEN}, follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (303, "/")
    assert {"HttpOnly", "SameSite=strict"} <= {
        part.strip() for part in moved.headers["set-cookie"].split(";")
    }
    assert client.get("/info").status_code == 200


def test_a_request_that_is_too_large_is_refused_whether_it_says_so_or_not(service):
    client = service(upload_bytes=10_000)
    assert client.post("/query", files={"file": bytes(20_000)}).status_code == 413

    def pieces():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(20):
            yield bytes(1_000)
        yield b"\r\n--x--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert client.post("/query", content=pieces(), headers=headers).status_code == 413


@pytest.mark.slow
def test_a_slow_request_is_cut_off_and_others_are_answered_meanwhile(retriever):
    settings = ServiceSettings(port=free_port(), upload_seconds=0.5)
    app = create_app(retriever.index.directory, settings)
    server = uvicorn.Server(uvicorn.Config(app, port=settings.port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        with socket.create_connection(("127.0.0.1", settings.port), timeout=10) as slow:
            slow.sendall(
                f"POST /query HTTP/1.1\r\nHost: 127.0.0.1:{settings.port}\r\nContent-Length: 100\r\n"
                "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x".encode()
            )
            with socket.create_connection(("127.0.0.1", settings.port), timeout=10) as other:
                other.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{settings.port}\r\n\r\n".encode())
                assert other.recv(12) == b"HTTP/1.1 200"
            assert slow.recv(12) == b"HTTP/1.1 408"
    finally:
        server.should_exit = True
        thread.join()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
