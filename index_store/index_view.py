"""What can be asked of an index."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from .catalog import Catalog
from .checks import Distances, Ids, Vectors, check_vectors, check_whole_number
from .draft import Draft
from .errors import EncoderMismatch, IndexClosed, IndexDamaged, OptionInvalid
from .files import damage
from .generation import Generation
from .manifest import Manifest, Settings
from .names import OWN
from .searchers import Searcher
from .where import Where


@dataclass(frozen=True, slots=True, eq=False)
class Neighbors:
    """The nearest vectors of m queries, nearest first.

    distances: (m, k) float32. ids: (m, k) int64. k is what was asked for or, if that is less, the number of
    vectors in the index.
    """

    distances: Distances
    ids: Ids


class IndexView:
    """The questions that `Index` answers, about a saved generation as about one in the making."""

    def __init__(self, directory: Path, content: Generation | Draft) -> None:
        """Use `Index.create` or `Index.open`."""
        self._directory = directory
        self._content: Generation | Draft | None = content

    def __len__(self) -> int:
        """How many vectors it holds, saved or not."""
        return self.manifest.count

    def __repr__(self) -> str:
        """Its class and directory."""
        return f"Index({str(self._directory)!r})"

    @property
    def directory(self) -> Path:
        """Where the index lies."""
        return self._directory

    @property
    def manifest(self) -> Manifest:
        """What the index is: generation, dim, metric, structure, count and so on."""
        return self._opened().manifest

    @property
    def dim(self) -> int:
        """Numbers a vector."""
        return self.manifest.dim

    @property
    def ids(self) -> Ids:
        """All ids, (n,) int64, ascending, read-only."""
        content = self._opened()
        return content.ids if content.alive is None else content.ids[content.alive]

    def first_ids(self, count: int) -> Ids:
        """The `count` smallest ids, (n,) int64, ascending; fewer if there are fewer."""
        return self.ids[:count]

    @property
    def removed(self) -> int:
        """How many removed vectors are still in the files: `Index.compact` writes the files without them."""
        return self.manifest.removed

    @property
    def copy_dim(self) -> int:
        """Numbers of the second vector of a picture, the one that tells copies; 0 if there is none."""
        return self.manifest.copy_dim

    @property
    def catalog(self) -> Catalog:
        """The rows. To be taken anew after `save` and after the first change of a saved index."""
        return self._opened().catalog

    @property
    def settings(self) -> Settings:
        """A copy of the caller's settings."""
        return copy.deepcopy(self.manifest.settings)

    @property
    def attachments(self) -> tuple[str, ...]:
        """The names of the attached files."""
        return tuple(sorted(set(self.manifest.files) - {*OWN}))

    def vectors(self, ids: Sequence[int] | Ids | None = None) -> Vectors:
        """The vectors with these ids, or all in the order of their ids: (n, dim) float32.

        All of them come as a read-only memory map, which takes no memory of its own, unless some were removed
        since the index was last compacted. For "cosine" they have length 1.

        Raises:
            IdsUnknown: names the ids that the index does not hold.
        """
        content = self._opened()
        return _chosen(content, content.vectors, ids)

    def copies(self, ids: Sequence[int] | Ids | None = None) -> Vectors:
        """The second vectors, those that tell copies, as in `vectors`: (n, copy_dim) float32."""
        content = self._opened()
        return _chosen(content, content.copies, ids)

    def columns(self) -> tuple[str, ...]:
        """The columns that `where` knows: those of the rows, and the names in their metadata."""
        with self._where() as where:
            return where.columns

    def where(self, condition: str) -> Ids:
        """The ids (n,) int64, ascending, of the rows that meet a condition in SQL, for `search` to answer.

        Rows that were added since the last `save` may not count yet.

        Raises:
            OptionInvalid: it is no condition, or names a column that is not there; the message names those
                that are.

        Example:
            >>> index = Index.create("pictures", 2)
            >>> rows = [Row(f"{n}.png", 1, 0, "ab" * 32, 100 * n, 80, metadata={"n": n}) for n in (5, 7)]
            >>> ids = index.add([[1, 0], [0, 1]], rows)
            >>> index.save()
            >>> index.where("width > 600 and n = 7").tolist()
            [1]
            >>> index.close()
        """
        with self._where() as where:
            return np.intersect1d(where.ids(condition), self.ids, assume_unique=True)

    @contextmanager
    def _where(self) -> Iterator[Where]:
        catalog = self.catalog
        generation, format_version = catalog.generation, self.manifest.format_version
        with ExitStack() as opened:
            where = None
            with suppress(IndexDamaged):
                where = opened.enter_context(Where.open(catalog.path, generation, format_version))
            if where is None or not catalog.is_in_place:
                # Another process has written it anew and removed it: whoever has it open can still read it.
                where = opened.enter_context(Where.over(opened.enter_context(catalog.alone())))
            yield where

    def search(
        self, queries: ArrayLike, k: SupportsIndex = 10, *, among: Sequence[int] | Ids | None = None
    ) -> Neighbors:
        """The `k` nearest vectors of every row of `queries` (m, dim), nearest first.

        Distances are 1 - cosine, in [0, 2], or Euclidean; equally near ones come in the order of their ids.
        What was added counts, saved or not. among: the ids that may be answered; all of them by default.

        Raises:
            VectorsInvalid: queries of other dims, not finite, or without direction. OptionInvalid: k below 1.
            IdsUnknown: names ids of `among` that the index does not hold.
        """
        content = self._opened()
        number = check_whole_number("k", k)
        checked = self._check(queries, "queries")
        return _search(content, content.searcher(), checked, number, among)

    def search_copies(
        self, queries: ArrayLike, k: SupportsIndex = 10, *, among: Sequence[int] | Ids | None = None
    ) -> Neighbors:
        """The same as `search` by the second vectors: queries are (m, copy_dim).

        Raises:
            OptionInvalid: the index has no second vectors. Otherwise as in `search`.
        """
        content = self._opened()
        if not self.copy_dim:
            raise OptionInvalid(
                f"index {self._directory} has no vectors that tell copies: index the folder again"
            )
        number = check_whole_number("k", k)
        checked = self._check(queries, "queries", self.copy_dim)
        return _search(content, content.copy_searcher(), checked, number, among)

    def attachment(self, name: str) -> Path:
        """Where the file lies that was attached under `name`; to be read soon, a later save may replace it.

        Raises:
            OptionInvalid: nothing is attached under this name. IndexDamaged: the file is gone.
        """
        self._refuse_unattached(name)
        path = self._directory / self.manifest.files[name].path
        if not path.exists():
            raise damage(self._directory, [f"{path} is gone since the index was opened"])
        return path

    def require_encoder(self, fingerprint: str, *, dim: int | None = None) -> None:
        """Make sure that the vectors of the index come from the encoder with this fingerprint.

        Raises:
            EncoderMismatch: they do not; the message names both encoders, and their dims where known.
        """
        encoder = self.manifest.encoder
        if encoder == fingerprint and dim in (None, self.dim):
            return
        made_by = f"encoder {encoder[:12]}" if encoder else "an encoder that it does not name"
        dims = f", {dim}-dim" if dim is not None else ""
        raise EncoderMismatch(
            f"index {self._directory} holds {self.dim}-dim vectors of {made_by}, this is encoder "
            f"{fingerprint[:12]}{dims}: query with the encoder of the index, or index the folder again"
        )

    def _refuse_unattached(self, name: str) -> None:
        if name not in self.attachments:
            held = ", ".join(self.attachments) or "none at all"
            raise OptionInvalid(
                f"index {self._directory} has no attachment {name!r}, expected one of: {held}"
            )

    def _check(self, vectors: ArrayLike, what: str, dim: int | None = None) -> Vectors:
        manifest = self.manifest
        return check_vectors(
            vectors, dim or manifest.dim, metric=manifest.metric, what=f"{what} for index {self._directory}"
        )

    def _opened(self) -> Generation | Draft:
        if self._content is None:
            raise IndexClosed(f"index {self._directory} is closed: open it again")
        return self._content


def _chosen(content: Generation | Draft, array: Vectors, ids: Sequence[int] | Ids | None) -> Vectors:
    if ids is not None:
        return array[content.held_positions(ids)]
    return array if content.alive is None else array[content.alive]


def _search(
    content: Generation | Draft,
    searcher: Searcher,
    queries: Vectors,
    k: int,
    among: Sequence[int] | Ids | None,
) -> Neighbors:
    mask = content.alive
    if among is not None:
        mask = np.zeros(len(content.ids), dtype=bool)
        mask[content.held_positions(among)] = True
    distances, positions = searcher.search(queries, k, mask)
    return Neighbors(distances, content.ids[positions])
