"""Semantic hashing: a vector as a few bits, compared by how many differ.

Krizhevsky and Hinton 2011, "Using very deep autoencoders for content-based image retrieval". The bits are
signs after rotations that make them as telling as can be: iterative quantization (ITQ), Gong and Lazebnik
2011, doi:10.1109/CVPR.2011.5995432. A rotation gives a bit a number;
more bits come from rotations learnt from other starts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import Distances, Ids, Vectors
from .approximate import ApproximateSearcher, training_sample


class BinarySearcher(ApproximateSearcher):
    """Candidates by Hamming distance, decided between by the vectors; see `Searcher`.

    Its factory is the number of bits before one of FAISS for binary indexes: "256,BFlat", "128,BIVF1000".
    """

    @classmethod
    def trained(cls, vectors: Vectors, factory: str, a_cell: int) -> Any:
        """See `ApproximateSearcher.trained`."""
        import faiss

        bits, _, name = factory.partition(",")
        hashes = faiss.index_binary_factory(int(bits), name)
        sample = training_sample(vectors, a_cell * getattr(hashes, "nlist", 0))
        index = HashedIndex(learnt_rotation(sample, int(bits)), hashes)
        if not hashes.is_trained:
            hashes.cp.min_points_per_centroid = 1
            hashes.train(index.bits_of(sample))
        return index

    @classmethod
    def read(cls, reader: Any) -> Any:
        """See `ApproximateSearcher.read`."""
        import faiss

        rotation = faiss.read_VectorTransform(reader)
        return HashedIndex(rotation, faiss.read_index_binary(reader))

    def write(self, writer: Any) -> None:
        """See `ApproximateSearcher.write`."""
        import faiss

        faiss.write_VectorTransform(self.index.rotation, writer)
        faiss.write_index_binary(self.index.hashes, writer)


class HashedIndex:
    """A binary index of FAISS that takes vectors: it turns them into bits first."""

    def __init__(self, rotation: Any, hashes: Any) -> None:
        """rotation: a `LinearTransform` of FAISS to as many numbers as `hashes` has bits."""
        self.rotation = rotation
        self.hashes = hashes

    @property
    def ntotal(self) -> int:
        """How many vectors it holds."""
        return int(self.hashes.ntotal)

    @property
    def d(self) -> int:
        """Numbers a vector."""
        return int(self.rotation.d_in)

    def add(self, vectors: Vectors) -> None:
        """Hold the bits of these vectors (n, dim)."""
        self.hashes.add(self.bits_of(vectors))

    def search(self, queries: Vectors, k: int, params: Any = None) -> tuple[Distances, Ids]:
        """How many bits differ, and positions, of the `k` nearest (m, k)."""
        return self.hashes.search(self.bits_of(queries), k, params=params)  # type: ignore[no-any-return]

    def bits_of(self, vectors: Vectors) -> NDArray[np.uint8]:
        """The signs (n, bits / 8) of the rotated vectors (n, dim), eight in a byte."""
        return np.packbits(self.rotation.apply(vectors) > 0, axis=1, bitorder="little")


def learnt_rotation(sample: Vectors, bits: int) -> Any:
    """A `LinearTransform` of FAISS whose signs, `bits` of them, tell most about where a vector lies.

    Up to a bit a number: the leading directions of the sample, rotated by ITQ. More: again from another
    start.
    """
    import faiss

    dim = sample.shape[1]
    mean = sample.mean(axis=0, dtype=np.float64)
    centred = sample - mean
    leading = np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    blocks = []
    for seed, start in enumerate(range(0, bits, dim)):
        directions = leading[:, : min(dim, bits - start)]
        itq = faiss.ITQMatrix(directions.shape[1])
        itq.seed = seed + 1
        itq.train(np.ascontiguousarray(centred @ directions, dtype=np.float32))
        blocks.append(directions @ itq.apply(np.eye(directions.shape[1], dtype=np.float32)))
    matrix = np.concatenate(blocks, axis=1).T
    rotation = faiss.LinearTransform(dim, bits, True)
    faiss.copy_array_to_vector(np.float32(matrix).ravel(), rotation.A)
    faiss.copy_array_to_vector(np.float32(-matrix @ mean), rotation.b)
    rotation.is_trained = True
    return rotation
