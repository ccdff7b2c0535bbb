"""What can be changed in an index; seen by others once it is saved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from .checks import Ids, Vectors
from .draft import Draft
from .errors import RowsInvalid, VectorsInvalid
from .files import writing
from .index_view import IndexView
from .manifest import Settings, check_settings
from .names import check_attachment_name
from .rows import RejectedFile, Row, check_facts, check_rejected, check_rows
from .structure import check_structure


class IndexChanges(IndexView, ABC):
    """The changes that `Index` makes to the generation in the making."""

    def add(
        self, vectors: ArrayLike, rows: Sequence[Row] | None = None, *, copies: ArrayLike | None = None
    ) -> Ids:
        """Add `vectors` (n, dim), with a row each or without rows, and return their ids (n,) int64.

        `copies` (n, copy_dim) are their second vectors, if the index has such. They go straight to disk. All
        of them are added or, if this fails, none.

        Raises:
            VectorsInvalid: names the rows that are not finite or have no direction.
            RowsInvalid: names a path that comes twice, or is in the index already.
            IndexReadOnly: not opened for writing. IndexUnwritable: the disk refused, for want of room say.
        """
        checked = self._check(vectors, "vectors")
        seconds = self._check_copies(copies, len(checked))
        if rows is not None:
            check_rows(rows, len(checked))
        draft = self._draft()
        with writing(self._directory):
            return draft.append(checked, rows, seconds)

    def remove(self, ids: Sequence[int] | Ids) -> None:
        """Remove the vectors with these ids, and their rows. They are never given to others.

        The files keep them until `compact`; no answer has them from now on. All of them are removed or none.

        Raises:
            IdsUnknown: names ids that the index does not hold. IndexReadOnly, IndexUnwritable: as in `add`.
        """
        draft = self._draft()
        positions = np.unique(draft.held_positions(ids))
        with writing(self._directory):
            draft.remove(draft.ids[positions].tolist())

    def update_rows(self, rows: Sequence[Row]) -> None:
        """Replace the rows of the same ids, say of files that were renamed; their vectors stay.

        All of them are replaced or, if this fails, none. Files may swap their paths.

        Raises:
            IdsUnknown: names ids that have no row. RowsInvalid: as in `add`, or an id twice.
            IndexReadOnly, IndexUnwritable: as in `add`.
        """
        check_facts(rows)
        if len({row.id for row in rows}) < len(rows):
            raise RowsInvalid("an id comes twice: give every id one row")
        draft = self._draft()
        with writing(self._directory):
            draft.catalog.update(rows)

    def set_settings(self, settings: Settings) -> None:
        """Keep other settings: any JSON object.

        Raises:
            OptionInvalid: not an object of what JSON can hold. IndexReadOnly: not opened for writing.
        """
        checked = check_settings(settings)
        self._draft().change(settings=checked)

    def set_structure(self, structure: str) -> None:
        """Let the index be searched in another way from the next save on.

        Raises:
            OptionInvalid: no such structure. IndexReadOnly: not opened for writing.
        """
        checked = check_structure(structure, self.dim)
        self._draft().change(structure=checked)

    def reject(self, rejected: RejectedFile) -> None:
        """Keep why a file was not indexed.

        Raises:
            RowsInvalid: the file has a row, or no path, reason or numbers that can be kept.
            IndexReadOnly, IndexUnwritable: as in `add`.
        """
        check_rejected(rejected)
        draft = self._draft()
        with writing(self._directory):
            draft.catalog.reject(rejected)

    def forget_rejected(self, paths: Sequence[str]) -> None:
        """Forget that these files were rejected; those that were not are left out.

        Raises:
            IndexReadOnly, IndexUnwritable: as in `add`.
        """
        draft = self._draft()
        with writing(self._directory):
            draft.catalog.forget_rejected(paths)

    def attach(self, name: str, source: str | Path | bytes) -> None:
        """Keep a copy of a file, or these bytes, in the index under `name`, say "encoder.tflite".

        Raises:
            OptionInvalid: a name that cannot be used, or a source that cannot be read.
            IndexReadOnly, IndexUnwritable: as in `add`.
        """
        check_attachment_name(name)
        draft = self._draft()
        with writing(self._directory):
            draft.attach(name, source)

    def detach(self, name: str) -> None:
        """Keep the file that was attached under `name` no longer.

        Raises:
            OptionInvalid: nothing is attached under this name. IndexReadOnly: as in `add`.
        """
        self._refuse_unattached(name)
        self._draft().detach(name)

    def _check_copies(self, copies: ArrayLike | None, count: int) -> Vectors | None:
        if copies is None and not self.copy_dim:
            return None
        if copies is None or not self.copy_dim:
            raise VectorsInvalid(
                f"index {self._directory} has second vectors of {self.copy_dim} dims: "
                + ("give copies as well" if self.copy_dim else "give no copies")
            )
        checked = self._check(copies, "copies", self.copy_dim)
        if len(checked) != count:
            raise VectorsInvalid(f"got {len(checked)} copies for {count} vectors: give one a vector")
        return checked

    @abstractmethod
    def _draft(self) -> Draft:
        """The generation that changes go to. Raises IndexReadOnly."""
