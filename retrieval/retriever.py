"""The product in one class: build an index of a folder, open it, ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from index_store import Index

from .answers import Hit as Hit
from .answers import Hits as Hits
from .combine import EmbeddedQuery, embed_part
from .embed import EmbeddedPicture, embed_picture
from .encoder import Decoder, Encoder, Model
from .errors import ImageUnreadable, NoPictures, QueryInvalid, RetrievalError
from .images import Source, folder_at, is_remote
from .index_facts import IndexFacts, holds_pictures
from .index_paths import Folders, existing_index, folders_of, index_directory
from .indexing.current import KeptCurrent
from .models import AnyEncoder, decoder_of, encoder_of, model_of
from .nearest import HitsAndRows, nearest_with_rows
from .parallel import in_order
from .progress import Progress
from .query_options import QueryKeywords, QueryOptions
from .restore import reconstruct

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .indexing.settings import BuildSettings

Vectors = NDArray[np.float32]
Sources: TypeAlias = list[Any] | tuple[Any, ...]
_BATCH = 256


class Retriever(KeptCurrent):
    """Finds the pictures of a folder that look like a given one.

    A picture is given as a path, a file's bytes, a PIL image or an array. A list of them gets a list of
    answers, a single one a single answer. May be used from several threads.

    Example:
        >>> retriever = Retriever.build("photos")
        >>> for hit in retriever.query("photos/cat/1.jpg", k=2):
        ...     print(f"{hit.distance:.3f} {hit.path.name}")
        0.000 1.jpg
        0.082 7.jpg
    """

    def __init__(self, index: Index, encoder: Encoder, folders: Folders) -> None:
        """Use `build` or `open`."""
        self.index = index
        self.encoder = encoder
        self.folders = folders

    @classmethod
    def build(
        cls,
        *folders: str | Path,
        index: str | Path | None = None,
        encoder: AnyEncoder | None = None,
        settings: BuildSettings | None = None,
        progress: Progress | None = None,
    ) -> Retriever:
        """Index `folders`, or URLs, with an encoder fitted to them or with the one given, and open it.

        The index lies in .retrieve in the first of them, or in the directory `index`. If it is there already,
        its encoder is kept and only what has changed is done; `BuildSettings(refit=True)` makes it anew.
        `encoder`: a model or encoder, or the path of a model's folder, of a .tflite file, or of another
        indexed folder.

        Raises:
            NoPictures: nothing in a folder can be read as a picture, or it is suddenly empty.
            OptionInvalid: the index that is there was made in another way.
            EncoderInvalid: the encoder given is none. IndexStoreError: the index cannot be written.

        Example:
            >>> Retriever.build("photos", settings=BuildSettings(dim=128, seed=1)).index.dim
            128
        """
        # Here and not above: a query has no use for what it takes to build.
        from .indexing.build import build_index
        from .indexing.settings import BuildSettings

        if not folders:
            raise NoPictures("no folder", "name one or more: Retriever.build(FOLDER)")
        for folder in folders:
            if not (isinstance(folder, (str, Path)) or is_remote(folder)) or not str(folder):
                raise NoPictures(repr(folder), "expected the path of a folder, or several one by one")
        paths = [folder_at(folder) for folder in folders]
        directory = index_directory(paths[0], None if index is None else Path(index))
        build_index(
            paths,
            directory,
            encoder=encoder,
            settings=settings or BuildSettings(),
            progress=progress or Progress(),
        )
        return cls.open(directory)

    @classmethod
    def open(cls, path: str | Path) -> Retriever:
        """Open the index of the folder at `path`, or the index that is itself at `path`.

        Raises:
            IndexNotFound: there is none. IndexStoreError: it is damaged, or of another format.
            NoPictures: its pictures are not there, because they or the index were moved.
        """
        index = Index.open(existing_index(Path(path)))
        folders = folders_of(index)
        if not holds_pictures(folders, index):
            raise NoPictures(
                str(folders),
                f"those of index {index.directory} were moved or deleted: "
                "move them back, or index them again",
            )
        return cls(index, encoder_of(index), folders)

    def __reduce__(self) -> tuple[Callable[[Path], Retriever], tuple[Path]]:
        """Another process opens the index for itself."""
        return Retriever.open, (self.index.directory.absolute(),)

    @cached_property
    def model(self) -> Model:
        """Everything that was kept of the model: encoder, decoder, and the Keras file to train on."""
        return model_of(self.index)

    @cached_property
    def decoder(self) -> Decoder:
        """What turns vectors back into pictures. Raises DecoderMissing if the encoder came without one."""
        return decoder_of(self.index)

    def facts(self) -> IndexFacts:
        """What the index is, in figures."""
        return IndexFacts.of(self.index)

    @overload
    def query(self, source: Sources, k: int = ..., **options: Unpack[QueryKeywords]) -> list[Hits]: ...
    @overload
    def query(self, source: Source, k: int = ..., **options: Unpack[QueryKeywords]) -> Hits: ...
    def query(
        self, source: Source | Sources, k: int = 10, **options: Unpack[QueryKeywords]
    ) -> Hits | list[Hits]:
        """The `k` pictures that look most like `source`, nearest first; for a list, a list of such lists.

        A notebook shows them as a row of pictures. options: `where`, `with_`, `without`, `region`,
        `exclude_self`, `exclude_copies`, `copies`, see `QueryOptions`.

        Raises:
            ImageUnreadable: a picture cannot be read. QueryInvalid: the region lies outside, nothing is left
                of the query, or the index cannot tell copies. OptionInvalid: `k` is below 1, or `where` is no
                condition on the columns of the index.

        Example:
            >>> retriever.query("a.png", k=3, where="folder = 'cats' and width > 600", without=["b.png"])
        """
        sources = source if isinstance(source, (list, tuple)) else [source]
        answers = []
        for answer in self.query_each(sources, k, **options):
            if isinstance(answer, RetrievalError):
                raise answer
            answers.append(answer)
        return answers if isinstance(source, (list, tuple)) else answers[0]

    def query_each(
        self, sources: Iterable[Source], k: int = 10, **options: Unpack[QueryKeywords]
    ) -> Iterator[Hits | RetrievalError]:
        """What `query` answers to each of `sources`, in their order, or why one has no answer.

        Some hundred are embedded on threads and searched for at a time, however many there are.
        """
        asked = QueryOptions.of(**options)
        if asked.copies:
            self._require_copies()
        embed_asked = partial(embed_part, self.encoder, copies=asked.copies)
        with_, without = (list(map(embed_asked, given)) for given in (asked.with_, asked.without))

        def embed_one(source: Source) -> EmbeddedQuery | RetrievalError:
            try:
                return EmbeddedQuery.of([embed_asked(source, asked.region), *with_], without)
            except (ImageUnreadable, QueryInvalid) as error:
                return error

        # One picture needs no threads.
        alone = isinstance(sources, Sized) and len(sources) == 1
        embedded = map(embed_one, sources) if alone else in_order(embed_one, sources)
        while batch := list(islice(embedded, _BATCH)):
            queries = [one for one in batch if isinstance(one, EmbeddedQuery)]
            found = iter(self.nearest(queries, k, asked))
            yield from (next(found) if isinstance(one, EmbeddedQuery) else one for one in batch)

    @overload
    def encode(self, source: Sources) -> Vectors: ...
    @overload
    def encode(self, source: Source) -> Vectors: ...
    def encode(self, source: Source | Sources) -> Vectors:
        """The latent vector (dim,) float32 of `source`; for a list of n, (n, dim).

        Raises:
            ImageUnreadable: a source cannot be read.
        """
        if not isinstance(source, (list, tuple)):
            return self.embed(source).vector
        vectors = np.empty((len(source), self.encoder.dim), dtype=np.float32)
        for row, seen in enumerate(in_order(self.embed, source)):
            vectors[row] = seen.vector
        return vectors

    @overload
    def reconstruct(self, source: Sources) -> list[Image.Image]: ...
    @overload
    def reconstruct(self, source: Source) -> Image.Image: ...
    def reconstruct(self, source: Source | Sources) -> Image.Image | list[Image.Image]:
        """What is left of `source` when it has been through the autoencoder, at the picture's own size.

        Raises:
            ImageUnreadable: a source cannot be read. DecoderMissing: the encoder came without a decoder.
        """
        model = Model(self.encoder, self.decoder)
        if isinstance(source, (list, tuple)):
            return [Image.fromarray(reconstruct(model, each)) for each in source]
        return Image.fromarray(reconstruct(model, source))

    def embed(self, source: Source) -> EmbeddedPicture:
        """`source` as the search sees it: its vector, and what tells its file from others.

        Raises:
            ImageUnreadable: it cannot be read.
        """
        return embed_picture(self.encoder, source)

    def _require_copies(self) -> None:
        if not (self.encoder.copy_dim and self.index.copy_dim):
            raise QueryInvalid(
                f"index {self.index.directory} cannot tell copies: its encoder, "
                f"{self.encoder.description.name}, gives no vectors for them: `retrieve index {self.folder} "
                f"--index {self.index.directory} --refit` fits one that does"
            )

    def nearest(self, queries: Sequence[EmbeddedQuery], k: int, options: QueryOptions) -> list[Hits]:
        """The `k` nearest pictures of each of `queries`, of those that `options` admit.

        Raises:
            OptionInvalid: `k` is below 1, or `options.where` no condition on the columns of the index.
            QueryInvalid: `options.copies`, and the index cannot tell copies.
        """
        return [Hits(hit for hit, _ in hits) for hits in self.nearest_with_rows(queries, k, options)]

    def nearest_with_rows(
        self, queries: Sequence[EmbeddedQuery], k: int, options: QueryOptions
    ) -> list[HitsAndRows]:
        """What `nearest` answers, each picture with its row."""
        if options.copies:
            self._require_copies()
        return nearest_with_rows(self.index, self.folders, queries, k, options)
