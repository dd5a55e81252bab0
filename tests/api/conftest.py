"""The town of the pages, for programs."""

from tests.pages.conftest import town

__all__ = ["town"]
