import numpy as np
import pytest

from retrieval.evaluation.baselines.pictures import check_pictures


def test_right_pictures_come_back_as_they_are():
    pictures = np.zeros((0, 4, 4, 3), dtype=np.uint8)
    assert check_pictures(pictures, 4) is pictures


@pytest.mark.parametrize(
    ("shape", "kind"), [((4, 4, 3), "uint8"), ((1, 4, 4, 1), "uint8"), ((1, 4, 4, 3), "int16")]
)
def test_wrong_ones_are_refused_with_what_came_and_what_is_expected(shape, kind):
    with pytest.raises(ValueError, match=rf"pictures are .*{kind}, expected \(n, 4, 4, 3\) uint8"):
        check_pictures(np.zeros(shape, dtype=kind), 4)
