"""What an encoder expects of a picture and what it gives: the small JSON file beside its weights."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from ..errors import EncoderInvalid

FORMAT_VERSION = 1

Decoding: TypeAlias = Literal[1, 2]
_DECODINGS = get_args(Decoding)


@dataclass(frozen=True, slots=True)
class EncoderDescription:
    """The contract of an encoder: `size` × `size` × 3 RGB in, `dim` numbers out, and `copy_dim` more.

    The first are the latent vector, which tells kinds apart; the others a second vector to find copies by,
    0 where the network gives none. A pixel value v of 0 to 255 reaches the network as `(v - mean) / scale`,
    with a number for all channels or three, one for red, green and blue each. `decoding`: how a picture
    becomes that square, as `retrieval.images` numbers it. `name` is the architecture, `details` whatever else
    a person may want to know about it.
    """

    name: str
    size: int
    dim: int
    mean: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1.0,)
    details: dict[str, Any] = field(default_factory=dict)
    copy_dim: int = 0
    decoding: Decoding = 1

    @classmethod
    def parse(cls, text: str, *, path: Path | str) -> EncoderDescription:
        """Read the JSON `text` of the file at `path`.

        Raises:
            EncoderInvalid: names the file and every fault in it.
        """
        try:
            value = json.loads(text)
        except ValueError as error:
            raise EncoderInvalid(str(path), f"it is not JSON: {error}") from error
        faults = _faults(value)
        if faults:
            raise EncoderInvalid(str(path), "; ".join(faults))
        return cls(
            name=str(value.get("name", "custom")),
            size=value["size"],
            dim=value["dim"],
            mean=_numbers(value.get("mean", 0.0)),
            scale=_numbers(value.get("scale", 1.0)),
            details=dict(value.get("details", {})),
            copy_dim=value.get("copy_dim", 0),
            decoding=value.get("decoding", 1),
        )

    def to_json(self) -> str:
        """The file's text; `parse` reads it back.

        Example:
            >>> description = EncoderDescription(name="solved", size=64, dim=96)
            >>> EncoderDescription.parse(description.to_json(), path="encoder.json") == description
            True
        """
        facts = asdict(self)
        # As before there were any: the fingerprint of an encoder is taken of this text.
        if not self.copy_dim:
            del facts["copy_dim"]
        if self.decoding == 1:
            del facts["decoding"]
        return json.dumps({"format": FORMAT_VERSION, **facts}, indent=2, sort_keys=True) + "\n"


def _numbers(value: float | list[float]) -> tuple[float, ...]:
    return tuple(float(number) for number in (value if isinstance(value, list) else [value]))


def _faults(value: object) -> list[str]:
    if not isinstance(value, dict):
        return [f"it holds {type(value).__name__}, expected an object with size and dim"]
    faults = []
    version = value.get("format", FORMAT_VERSION)
    if version != FORMAT_VERSION:
        faults.append(f"it is of format {version}, this version reads format {FORMAT_VERSION}")
    for name, least in (("size", 1), ("dim", 1), ("copy_dim", 0)):
        number = value.get(name, None if least else 0)
        if not isinstance(number, int) or isinstance(number, bool) or number < least:
            faults.append(f"{name} is {number!r}, expected a whole number, {least} or more")
    faults.extend(
        f"{name} is {value[name]!r}, expected a number or a list of 1 or 3 numbers"
        for name in ("mean", "scale")
        if not _is_per_channel(value.get(name, 1.0))
    )
    if 0 in _as_list(value.get("scale", 1.0)):
        faults.append("scale is 0, expected what the pixel values are divided by")
    decoding = value.get("decoding", 1)
    if decoding not in _DECODINGS or isinstance(decoding, (bool, float)):
        faults.append(f"decoding is {decoding!r}, this version of Retrieve knows 1 and 2")
    if not isinstance(value.get("details", {}), dict):
        faults.append(f"details is {value['details']!r}, expected an object")
    return faults


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _is_per_channel(value: object) -> bool:
    numbers = _as_list(value)
    return len(numbers) in {1, 3} and all(
        isinstance(number, (int, float)) and not isinstance(number, bool) for number in numbers
    )
