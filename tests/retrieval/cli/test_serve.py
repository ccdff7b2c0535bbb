from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress

import pytest


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.mark.slow
def test_it_serves_until_ctrl_c(indexed):
    port = free_port()
    command = [sys.executable, "-m", "retrieval", "serve", indexed, "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        page, ends = "", time.monotonic() + 60
        while not page and time.monotonic() < ends:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
                page = answer.read().decode()
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert "<title>Retrieve</title>" in page
    assert process.returncode == 0
    assert f"http://127.0.0.1:{port}/" in told
    assert "Traceback" not in told


def test_other_machines_need_a_token(retrieve, indexed):
    outcome = retrieve("serve", indexed, "--host", "0.0.0.0", "--port", free_port())
    assert outcome.status != 0
    assert "give a --token" in outcome.err


def test_a_taken_port_and_an_unknown_address_are_told(retrieve, indexed):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = retrieve("serve", indexed, "--port", port)
    assert outcome.status != 0
    assert f"port {port} of 127.0.0.1" in outcome.err
    token = "a token of more than sixteen letters"
    outcome = retrieve("serve", indexed, "--host", "nowhere.invalid", "--token", token, "--port", port)
    assert outcome.status != 0
    assert "nowhere.invalid" in outcome.err


def test_no_index_is_told(retrieve, tmp_path):
    outcome = retrieve("serve", tmp_path)
    assert outcome.status != 0
    assert "retrieve index" in outcome.err
