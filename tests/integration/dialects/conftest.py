"""What a process remembers of spans must not reach from one test into the next."""

from __future__ import annotations

import pytest

from integration.dialects.spans.leaves import ancestors
from integration.dialects.unmapped import unmapped_names


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    ancestors.clear()
    unmapped_names.clear()
