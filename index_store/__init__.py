"""Vectors, rows and files on disk: a vector index that knows no images and no TensorFlow."""
