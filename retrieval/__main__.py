"""`python -m retrieval` is `retrieve`."""

from .cli import main

main()
