"""Chart: tokens over time."""

from __future__ import annotations

from featurememory.templatetags import figures
from patterns.charts.chart import (
    TIME,
    Chart,
    Column,
    Legend,
    each,
    highest,
    sentence,
    table,
    with_figure,
    without_figure,
)
from patterns.charts.plotly_parts import (
    layout,
    line,
    ticks,
)
from patterns.statistics.series import Series


def tokens(series: Series) -> Chart:
    x = series.window.labels()
    prompt = [bucket.mean("input_tokens") for bucket in series.buckets]
    completion = [bucket.mean("output_tokens") for bucket in series.buckets]
    both = series.values("tokens")
    chart = Chart(
        "tokens",
        "Tokens per interaction",
        f"Mean, {each(series.window)}",
        (TIME, Column("Prompt", "number"), Column("Completion", "number"), Column("All", "number")),
        table(x, prompt, completion, both),
        sentence("The mean of tokens per interaction", x, both, figures.number),
    )
    if not series.total.tokens_count:
        return without_figure(
            chart, "No interaction in this range told its tokens (usage or token_count)."
        )
    split = any(value is not None for value in prompt + completion)
    made = layout(
        series.window,
        ticks(0, highest(prompt, completion) if split else highest(both), figures.compact),
    )
    if not split:
        return with_figure(
            chart, [line(x, both, "Tokens", "c1", "number")], made, (Legend("Tokens", "c1"),)
        )
    data = [
        line(x, prompt, "Prompt", "c1", "number"),
        line(x, completion, "Completion", "c3", "number", dash="dash"),
    ]
    return with_figure(
        chart, data, made, (Legend("Prompt", "c1"), Legend("Completion", "c3", dashed=True))
    )
