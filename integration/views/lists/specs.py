"""Every list by its name in addresses."""

from __future__ import annotations

from django.http import Http404

from featurememory.lists.columns import ListSpec
from integration.views.lists import activity_list, jobs_list
from optimizations.views import model_list, optimization_list
from optimizations.views.interactions import columns as interaction_columns
from patterns.views import pattern_columns

SPECS: dict[str, ListSpec] = {
    spec.name: spec
    for spec in (
        pattern_columns.SPEC,
        interaction_columns.SPEC,
        optimization_list.SPEC,
        model_list.SPEC,
        jobs_list.SPEC,
        activity_list.SPEC,
    )
}


def find_spec(name: str) -> ListSpec:
    if name not in SPECS:
        raise Http404(name)
    return SPECS[name]
