from __future__ import annotations

import io
import sys

from retrieval.cli.printing import echo, echo_fields, echo_json, make_output_safe, note


def test_results_go_to_stdout_and_notes_to_stderr(capsys):
    echo("result")
    echo_fields([1, "a\tb"])
    echo_json({"a": [1]})
    note("note")
    printed = capsys.readouterr()
    assert printed.out == 'result\n1\ta\\tb\n{\n  "a": [\n    1\n  ]\n}\n'
    assert printed.err == "note\n"


def test_a_sign_that_the_terminal_lacks_is_printed_as_its_escape(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    make_output_safe()
    echo("日.jpg")
    sys.stdout.flush()
    assert raw.getvalue() == b"\\u65e5.jpg\n"
