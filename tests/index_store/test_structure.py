import pytest

from index_store import OptionInvalid
from index_store.structure import Structure, check_structure, is_structure


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("auto", Structure()),
        ("hnsw", Structure("hnsw")),
        ("int8", Structure("auto", "int8")),
        ("ivf,binary128", Structure("ivf", "binary128")),
        ("auto;recall=0.9", Structure(recall=0.9)),
        ("ivf;memory=1.5GB;recall=0.95", Structure("ivf", recall=0.95, memory=1_500_000_000)),
        ("OPQ16_64,IVF4096(RCQ2x4),PQ16x4fs", Structure(factory="OPQ16_64,IVF4096(RCQ2x4),PQ16x4fs")),
    ],
)
def test_what_is_parsed_is_written_as_it_is_parsed(text, expected):
    structure = Structure.parse(text)
    assert structure == expected
    assert Structure.parse(str(structure)) == structure
    assert is_structure(str(structure))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "structure is '', expected auto, exact"),
        ("tree", "structure is 'tree', expected auto, exact"),
        ("ivf,jpeg", "structure is 'ivf,jpeg'"),
        ("auto;speed=9", r"option 'speed=9', expected recall=0\.99 or memory=2GB"),
        ("auto;recall=1.2", r"recall is '1\.2', expected a number above 0 and up to 1"),
        ("auto;recall=much", "recall is 'much'"),
        ("auto;memory=lots", "memory is 'lots', expected a number of bytes, as 500MB or 2GB"),
        ("auto;memory=-1GB", "memory is '-1GB'"),
        ("auto;memory=nan", "memory is 'nan'"),
        ("exact,int8", r"exact search has no codes, expected exact or flat,int8"),
        ("HNSW0", "no number in it may be 0"),
        ("IVF0,Flat", "no number in it may be 0"),
        ("OPQ4_0,PQ4", "no number in it may be 0"),
        ("HNSW1", "that of HNSW not 1"),
        ("IVF16_HNSW1,Flat", "that of HNSW not 1"),
        ("IDMap,Flat", "it may map no ids"),
        (
            "NoSuchIndex",
            r"structure is 'NoSuchIndex', which FAISS cannot make of any numbers \(could not",
        ),
    ],
)
def test_what_is_no_structure_is_refused_with_those_that_are(text, told):
    with pytest.raises(OptionInvalid, match=told):
        check_structure(text)


def test_a_structure_for_other_dims_is_refused():
    assert check_structure("PQ8", dim=16) == "PQ8"
    assert check_structure("PQ5") == "PQ5"
    with pytest.raises(OptionInvalid, match=r"cannot make of 10 numbers .* multiple of the number"):
        check_structure("PQ8", dim=10)


def test_answers_to_separate_questions_make_one_structure():
    structure = Structure.of("ivf", code="rabitq", recall="0.95", memory="500MB")
    assert structure == Structure("ivf", "rabitq", recall=0.95, memory=500_000_000)
    assert Structure.of("auto") == Structure()
    assert Structure.of(code="int8") == Structure("auto", "int8")
    with pytest.raises(OptionInvalid, match="IVF64,SQ8,int8"):
        check_structure(str(Structure.of("IVF64,SQ8", code="int8")))


@pytest.mark.parametrize("value", [None, 3, "", "tree", "auto;x"])
def test_a_manifest_names_no_such_structure(value):
    assert not is_structure(value)
