from pathlib import Path

import numpy as np
import pytest

from index_store import IdsUnknown
from index_store.positions import positions_of

IDS = np.array([2, 5, 7], dtype=np.int64)
INDEX = Path("photos/.retrieve")


@pytest.mark.parametrize("wanted", [[7, 2, 7], (7, 2, 7), np.array([7, 2, 7])])
def test_positions_come_in_the_order_asked_for(wanted):
    assert positions_of(wanted, IDS, INDEX).tolist() == [2, 0, 2]


def test_nothing_asked_for_is_no_position():
    assert positions_of([], IDS, INDEX).tolist() == []
    assert positions_of([], IDS[:0], INDEX).tolist() == []


@pytest.mark.parametrize("unknown", [-1, 3, 8])
def test_unknown_ids_are_named(unknown):
    with pytest.raises(IdsUnknown, match=rf"index photos/\.retrieve holds no vector with id {unknown}:"):
        positions_of([2, unknown], IDS, INDEX)


def test_an_empty_index_knows_no_id():
    with pytest.raises(IdsUnknown, match="id 0"):
        positions_of([0], IDS[:0], INDEX)
