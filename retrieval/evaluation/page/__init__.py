"""The report as something to look at: one page, its charts and its contact sheets."""

from .page import write_report

__all__ = ["write_report"]
