"""Types of parameters and of model cards."""

from __future__ import annotations

from collections.abc import Mapping

from optimizations.engine.domain.settings import ModelCard
from optimizations.engine.domain.task import Json

Cards = Mapping[str, ModelCard]
Params = dict[str, Json]
