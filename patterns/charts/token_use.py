"""Chart: tokens over time."""

from __future__ import annotations

from featurememory.templatetags import figures
from patterns.charts.chart import (
    TIME,
    Chart,
    Column,
    Legend,
    add_figure,
    build_table,
    describe_line,
    explain_missing_figure,
    find_highest,
    name_step,
)
from patterns.charts.plotly_parts import (
    build_layout,
    choose_ticks,
    draw_before,
    draw_line,
)
from patterns.statistics.series import Series


def build_token_use_chart(series: Series, before: Series | None = None) -> Chart:
    """`before`: the preceding range, drawn beside this one."""
    x = series.window.labels()
    prompt = [bucket.mean("input_tokens") for bucket in series.buckets]
    completion = [bucket.mean("output_tokens") for bucket in series.buckets]
    both = series.values("tokens")
    chart = Chart(
        "tokens",
        "Tokens per interaction",
        f"Mean, {name_step(series.window)}",
        (TIME, Column("Prompt", "number"), Column("Completion", "number"), Column("All", "number")),
        build_table(x, prompt, completion, both),
        describe_line("The mean of tokens per interaction", x, both, figures.number),
    )
    if not series.total.tokens_count:
        return explain_missing_figure(
            chart, "No interaction in this range reported tokens (usage or token_count)."
        )
    split = any(value is not None for value in prompt + completion)
    earlier = before.values("tokens") if before else []
    shown = [prompt, completion] if split and not before else [both, prompt, completion]
    made = build_layout(
        series.window, choose_ticks(0, find_highest(*shown, earlier), figures.compact)
    )
    data, legend = [], []
    if before:
        data.append(draw_before(x, earlier, "number"))
        legend.append(Legend("All, period before", "c0", dashed=True))
    if before or not split:
        data.append(draw_line(x, both, "All", "c4" if split else "c1", "number"))
        legend.append(Legend("All", "c4" if split else "c1"))
    if split:
        data.append(draw_line(x, prompt, "Prompt", "c1", "number"))
        data.append(draw_line(x, completion, "Completion", "c3", "number", dash="dash"))
        legend += [Legend("Prompt", "c1"), Legend("Completion", "c3", dashed=True)]
    return add_figure(chart, data, made, tuple(legend))
