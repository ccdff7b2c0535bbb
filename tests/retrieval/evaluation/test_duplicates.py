from retrieval.evaluation.duplicates import classes_with_one_picture, find_duplicates
from retrieval.evaluation.trial import Trial


def test_copies_within_the_pictures_are_counted_once_each(collection):
    pictures = collection([0, 1, 2, 3], ["a"] * 4, contents=["x", "y", "x", "x"])
    found = find_duplicates(Trial.leave_one_out(pictures))
    assert (found.within, found.across, found.count) == (2, 0, 2)
    assert found.pairs == (("p2.png", "p0.png"), ("p3.png", "p0.png"))


def test_queries_that_are_among_the_pictures_are_counted(collection):
    database = collection([0, 1], ["a", "b"], contents=["x", "y"])
    queries = collection([0, 1, 2], ["a", "a", "b"], contents=["x", "z", "y"], folder="queries", prefix="q")
    found = find_duplicates(Trial.with_queries(database, queries))
    assert (found.within, found.across) == (0, 2)
    assert found.pairs == (("q0.png", "p0.png"), ("q2.png", "p1.png"))


def test_a_query_that_is_the_file_itself_is_no_duplicate(collection):
    pictures = collection([0, 1], ["a", "b"])
    assert find_duplicates(Trial.with_queries(pictures, pictures)).count == 0


def test_classes_of_one_picture_are_named(collection):
    pictures = collection([0, 1, 2, 3], ["a", "b", "a", None])
    assert classes_with_one_picture(Trial.leave_one_out(pictures)) == ("b",)
