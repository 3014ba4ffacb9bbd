"""The figures that lists are sorted by, computed once from the sums of all time."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from patterns.statistics.quantile_sketch import merge_sketches, read_quantile

ALL_TIME = -1
AT_ONCE = 1000


def fill(apps: Any, schema_editor: Any) -> None:
    hours = apps.get_model("patterns", "PatternHour").objects.filter(hour=ALL_TIME)
    patterns = apps.get_model("patterns", "Pattern").objects
    merged = dict(patterns.exclude(redirect_to=None).values_list("pk", "redirect_to"))
    found: dict[Any, list[Any]] = {}
    for row in hours.iterator(2000):
        found.setdefault(merged.get(row.pattern_id, row.pattern_id), []).append(
            (row.successes, row.judged, row.tokens_sum, row.tokens_count, bytes(row.durations))
        )
    names = list(found)
    for start in range(0, len(names), AT_ONCE):
        rows = list(patterns.filter(pk__in=names[start : start + AT_ONCE]).only("pk"))
        for row in rows:
            set_figures(row, found[row.pk])
        patterns.bulk_update(
            rows, ["success_rate", "duration_p95", "tokens_mean"], batch_size=200
        )


def set_figures(row: Any, hours: list[Any]) -> None:
    successes, judged, tokens, reported, sketches = zip(*hours, strict=True)
    row.success_rate = sum(successes) / sum(judged) if sum(judged) else None
    row.tokens_mean = sum(tokens) / sum(reported) if sum(reported) else None
    row.duration_p95 = read_quantile(merge_sketches(sketches), 0.95)


class Migration(migrations.Migration):
    dependencies = [("patterns", "0015_figures_of_lists")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
