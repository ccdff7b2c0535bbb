"""Which file names promise a picture: names that Pillow opens, names refused with a reason, and the rest."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image

# Pillow registers these, but they are drawings that need an outside program, scientific containers without
# a decoder, or videos.
NOT_PICTURES = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "IPTC", "MPEG", "PDF", "WMF"})

_RAW = """
    .3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .iiq .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf .raw .rw2
    .rwl .sr2 .srf .srw .x3f
"""
_CONVERT = ".avif .avifs .exr .hdr .heic .heics .heif .heifs .hif .jp2 .j2k .jpf .jpx .jxl .jxr .webp .xcf"

_OTHERS = """
    .7z .aac .ai .avi .bak .bz2 .c .cfg .cpp .css .csv .db .doc .docx .emf .eps .faiss .flac .geojson
    .gz .h .h5 .hdf .htm .html .ini .ipynb .java .js .json .jsonl .keras .lock .log .m4a .m4v .mat .md
    .mkv .mov .mp3 .mp4 .mpeg .mpg .npy .npz .odt .ogg .onnx .parquet .pdf .pickle .pkl .pps .ppt .pptx
    .ps .pt .pth .py .rar .rst .rtf .sh .sqlite .srt .tar .tflite .tgz .toml .tsv .txt .wav .webm .wmf
    .wmv .xls .xlsx .xml .xmp .xz .yaml .yml .zip .zst
"""
_OTHER_SUFFIXES = frozenset(_OTHERS.split())


@lru_cache(maxsize=1)
def readable_formats() -> tuple[str, ...]:
    """Pillow's names of the formats that count as pictures here and that the installed Pillow decodes."""
    Image.init()
    return tuple(name for name in Image.ID if name not in NOT_PICTURES)


@lru_cache(maxsize=1)
def readable_suffixes() -> frozenset[str]:
    """Lower-case suffixes, dot included, of the formats in `readable_formats`."""
    formats = set(readable_formats())
    return frozenset(suffix for suffix, name in Image.EXTENSION.items() if name in formats)


@lru_cache(maxsize=1)
def refused_suffixes() -> dict[str, str]:
    """Suffixes of pictures that the installed Pillow cannot decode, each with the reason to give for it.

    Example:
        >>> refused_suffixes()[".nef"]
        'a camera raw file (.nef): export it as JPEG or PNG'
    """
    reasons = {suffix: f"a camera raw file ({suffix}): export it as JPEG or PNG" for suffix in _RAW.split()}
    for suffix in _CONVERT.split():
        reasons[suffix] = f"{suffix} pictures cannot be read here: convert it to PNG or JPEG"
    for suffix in (".svg", ".svgz"):
        reasons[suffix] = f"a vector drawing ({suffix}), not pixels: export it as PNG"
    return {suffix: reason for suffix, reason in reasons.items() if suffix not in readable_suffixes()}


def is_other(suffix: str) -> bool:
    """Whether the lower-case `suffix` says that a file is no picture, and it need not be opened to know."""
    return suffix in _OTHER_SUFFIXES
