"""Who may ask: this machine alone, or who shows the token; and never a page of another site."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

from retrieval.errors import RetrievalError
from retrieval.service import Server, ServiceSettings, create_app

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
    with pytest.raises(RetrievalError, match="not ASCII"):
        ServiceSettings(host="0.0.0.0", token="ein Wort, das länger ist")


def test_without_the_token_nothing_is_told(service):
    client = service(host="0.0.0.0", token=TOKEN)
    for path in ("/", "/info", "/images/0", "/openapi.json", "/?token=wrong"):
        assert client.get(path).status_code == 401, path
    assert client.get("/healthz").status_code == 200
    for scheme in ("Bearer", "bearer"):
        assert client.get("/info", headers={"authorization": f"{scheme} {TOKEN}"}).status_code == 200
    assert client.get("/info", headers={"authorization": f"Basic {TOKEN}"}).status_code == 401


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


def asking(address, text):
    """A connection on which this was sent."""
    made = socket.create_connection(address, timeout=10)
    made.sendall(text.replace("\n", "\r\n").format(host=f"Host: {address[0]}:{address[1]}").encode())
    return made


def is_alive(address):
    with asking(address, "GET /healthz HTTP/1.1\n{host}\n\n") as other:
        return other.recv(12) == b"HTTP/1.1 200"


UPLOAD = """POST /query HTTP/1.1
{host}
Content-Length: 100
Content-Type: multipart/form-data; boundary=x

--x"""


@pytest.mark.slow
def test_slow_requests_are_cut_off_and_others_are_answered_meanwhile(listening):
    address = listening(head_seconds=0.4, upload_seconds=0.6)
    silent, head = asking(address, ""), asking(address, "GET / HTTP/1.1\n{host}\nX-A")
    body = asking(address, UPLOAD)
    again = asking(address, "GET /healthz HTTP/1.1\n{host}\n\n")
    assert again.recv(12) == b"HTTP/1.1 200"
    again.sendall(b"GET /inf")
    assert is_alive(address)
    assert body.recv(12) == b"HTTP/1.1 408"
    for cut_off in (silent, head, again):
        with contextlib.suppress(ConnectionResetError):
            while cut_off.recv(4096):
                pass
        cut_off.close()
    body.close()
    assert is_alive(address)


@pytest.mark.slow
def test_who_does_not_take_an_answer_does_not_hold_it_for_ever(listening, retriever, photos):
    address = listening(send_seconds=0.3)
    row = retriever.index.catalog.find("warm/red.png")
    (photos / "warm" / "red.png").write_bytes(bytes(50_000_000))
    slow = asking(address, f"GET /images/{row.id} HTTP/1.1\n{{host}}\n\n")
    time.sleep(1.0)
    assert is_alive(address)
    with contextlib.suppress(ConnectionResetError):
        received = sum(len(part) for part in iter(lambda: slow.recv(1 << 20), b""))
        assert received < 50_000_000
    slow.close()


@pytest.mark.slow
def test_more_connections_than_it_takes_are_told_to_come_back(listening):
    address = listening(head_seconds=1.0, most_connections=20)
    idle = [asking(address, "") for _ in range(30)]
    with asking(address, "GET /healthz HTTP/1.1\n{host}\n\n") as refused:
        assert refused.recv(12) == b"HTTP/1.1 503"
    time.sleep(1.2)
    assert is_alive(address)
    for each in idle:
        each.close()


@pytest.mark.slow
def test_a_head_without_end_is_not_kept(listening):
    address = listening(head_seconds=60.0)
    head = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(10_000))
    with asking(address, "GET / HTTP/1.1\n{host}\n") as other, pytest.raises(ConnectionError):
        other.sendall(head)
    assert is_alive(address)


@pytest.mark.parametrize(
    "nonsense", [b"\0\1\2\3\n\n", b"GET " + b"a" * 100_000, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000]
)
def test_what_is_no_request_does_not_harm(listening, nonsense):
    address = listening(head_seconds=0.5)
    with socket.create_connection(address, timeout=10) as other, contextlib.suppress(OSError):
        other.sendall(nonsense)
        other.recv(100)
    assert is_alive(address)


def test_a_taken_port_is_told(listening, retriever):
    _, port = listening()
    settings = ServiceSettings(port=port)
    with pytest.raises(RetrievalError, match="name another with --port"):
        Server(create_app(retriever.index.directory, settings), settings)
