"""Whatever the description of the API allows, and much that it does not, gets an answer that it describes."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

load_all_checks()
EXAMPLES = 12
# Not that all that is described is taken: of what is in a picture, the description knows nothing.
NOT_CHECKED = [CHECKS.get_one("positive_data_acceptance")]

PATHS = (
    "/query",
    "/query/{picture}",
    "/agreement/{hit}",
    "/agreement/{picture}/{hit}",
    "/pictures",
    "/images/{picture}",
    "/thumbnails",
    "/thumbnails/{picture}",
    "/reconstructions",
    "/reconstructions/{picture}",
)
WITHOUT_PARAMETERS = ("/folders", "/info", "/healthz", "/metrics")


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_one_that_is_described(listening, mode):
    host, port = listening()
    schema = schemathesis.openapi.from_url(f"http://{host}:{port}/openapi.json")
    operations = [each.ok() for each in schema.get_all_operations()]
    assert {operation.path for operation in operations} == {*PATHS, *WITHOUT_PARAMETERS}
    with requests.Session() as session:
        for operation in operations:
            # Nothing can be wrong with a request that has no parameters.
            wrong_anyway = mode is GenerationMode.NEGATIVE and operation.path in WITHOUT_PARAMETERS
            with pytest.raises(Unsatisfiable) if wrong_anyway else nullcontext():
                ask(operation, mode, session)


def ask(operation, mode, session):
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask_with(case):
        case.call_and_validate(session=session, excluded_checks=NOT_CHECKED)

    ask_with()
