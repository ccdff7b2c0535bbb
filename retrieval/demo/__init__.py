"""A corpus to try the search engine on: pictures of its own drawing, in classes that a person tells apart."""

from .corpus import CLASSES, draw_corpus, draw_picture

__all__ = ["CLASSES", "draw_corpus", "draw_picture"]
