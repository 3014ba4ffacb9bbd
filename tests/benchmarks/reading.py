"""Every page, chart and list at a size: server time and queries, asked for in this process."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from featurememory.models import Project
from integration.models import ApiKey
from integration.views.overview.charts import CHARTS, build_chart
from integration.views.overview.page_data import Overview
from patterns.charts import pattern_use
from patterns.models import ModelInteraction
from patterns.statistics import series
from patterns.statistics.time_window import RANGES, Window
from tests.benchmarks.printing import percentile, table

TIMES = 12
BUDGET_MS, BUDGET_QUERIES, CHART_MS = 100, 12, 20


def addresses(project: Project, ids: list[UUID]) -> Iterator[str]:
    """Every page that a person can open, with its filters, orders and depths."""
    newest = ModelInteraction.objects.filter(project=project).order_by("-number")[0]
    most, least = ids[0], ids[-1]
    yield from ("/", "/?range=24h", "/?range=90d", "/live/", "/charts/duration/")
    yield from ("/patterns/", "/patterns/?sort=-last_used", "/patterns/?sort=effectiveness")
    yield from (
        "/patterns/?status=candidate",
        "/patterns/?q=claim",
        "/lists/patterns/counts/?total=q%3Dclaim",
    )
    yield from ("/patterns/?limit=200", "/patterns/trash/", "/patterns/prune/?all=1&query=")
    yield from (f"/patterns/{most}/", f"/patterns/{least}/", f"/patterns/{most}/chart/")
    yield from ("/interactions/", "/interactions/?limit=200", f"/interactions/?pattern_id={least}")
    yield from ("/interactions/?model_id=delta-large", "/interactions/?model_id=nobody")
    yield from ("/interactions/?state=pending", "/interactions/?state=failed")
    yield from ("/interactions/?success=false", "/interactions/?session_id=s-17")
    yield from ("/interactions/?task_type=desk.0900", "/interactions/?q=desk.0900")
    yield from ("/interactions/?sort=-duration", "/interactions/?sort=cost_known&range=7d")
    yield from ("/interactions/?error=timeout", "/interactions/?tag=env%3Dnobody")
    yield from ("/interactions/?did=applied", "/interactions/?decision_id=nobody")
    yield from ("/interactions/?range=24h", "/lists/interactions/counts/?total=model_id%3Dnobody")
    yield from ("/lists/interactions/counts/?total=", "/patterns/?range=7d", "/alerts/")
    yield from (f"/interactions/?q={newest.id}", "/interactions/?q=nothing-of-that-name")
    yield from (f"/interactions/{newest.id}/", f"/interactions/{newest.id}/why/")
    yield from ("/activity/", "/search/?q=claim", f"/search/?q={newest.id}", "/start/", "/keys/")
    yield from ("/jobs/", "/health/", "/optimizations/", "/models/", "/metrics")
    yield from (f"/admin/featurememory/featurememoryconfig/{project.config.pk}/change/", "/admin/")
    yield from ("/api/v1/patterns/", "/api/v1/patterns/?limit=200", f"/api/v1/patterns/{most}/")
    yield from ("/api/v1/interactions/", "/api/v1/interactions/?model_id=nobody")
    yield from ("/api/v1/performance/?bucket=day", f"/api/v1/performance/?pattern_id={most}")


def signed_in() -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("bench", password=None))
    return client


def taken(run: Callable[[], object], times: int = TIMES) -> tuple[float, float, float]:
    """Median and 95th percentile of the time and median of the CPU in ms, after one warming call.

    Other work on the machine changes the times, hardly the CPU.
    """
    run()
    times_ms, cpu_ms = [], []
    for _ in range(times):
        began, used = time.perf_counter(), time.thread_time()
        run()
        cpu_ms.append((time.thread_time() - used) * 1000)
        times_ms.append((time.perf_counter() - began) * 1000)
    return percentile(times_ms, 0.5), percentile(times_ms, 0.95), percentile(cpu_ms, 0.5)


def pages(project: Project, ids: list[UUID]) -> list[tuple[object, ...]]:
    """(path, status, p50 ms, p95 ms, CPU ms, queries, verdict) of every address."""
    client = signed_in()
    headers = {"Authorization": f"Bearer {ApiKey.create(project, 'ad')[1]}"}
    found: list[tuple[object, ...]] = []
    for path in addresses(project, ids):
        given = headers if path.startswith("/api") else {}
        first = time.perf_counter()
        status = client.get(path, headers=given).status_code
        slow = time.perf_counter() - first > 2  # a page that scans: three times will do
        half, most, cpu = taken(partial(client.get, path, headers=given), 3 if slow else TIMES)
        with CaptureQueriesContext(connection) as queries:
            client.get(path, headers=given)
        over = most > BUDGET_MS or len(queries) > BUDGET_QUERIES or status >= 400
        found.append((path, status, half, most, cpu, len(queries), "over" if over else ""))
    return found


def figures(project: Project, ids: list[UUID]) -> list[tuple[object, ...]]:
    """(chart, p50 ms, p95 ms, CPU ms, verdict): its rollups read and its figure made, not kept ones."""
    from patterns.charts.plotly_parts import validate_figure

    found: list[tuple[object, ...]] = []
    for name in CHARTS:
        for span in RANGES:

            def chart(name: str = name, span: str = span) -> None:
                validate_figure.cache_clear()
                build_chart(Overview(project, span, timezone.now()), name)

            half, most, cpu = taken(chart)
            found.append((f"{name} {span}", half, most, cpu, "over" if most > CHART_MS else ""))

    def use() -> None:
        validate_figure.cache_clear()
        window = Window.ending(timezone.now(), "30d")
        rows = series.read_rollups(project.pk, window.start, window.end, ids[:1])
        pattern_use.build_pattern_use_chart(series.fill_series(window, rows))

    half, most, cpu = taken(use)
    return [*found, ("use of a pattern 30d", half, most, cpu, "over" if most > CHART_MS else "")]


class Pauses:
    """The longest stop for garbage collection while a block runs, ms: it hits whoever asks then."""

    def __init__(self) -> None:
        self.longest = self._began = 0.0

    def _note(self, phase: str, _: object) -> None:
        now = time.perf_counter()
        if phase == "start":
            self._began = now
        else:
            self.longest = max(self.longest, (now - self._began) * 1000)

    def __enter__(self) -> Pauses:
        gc.callbacks.append(self._note)
        return self

    def __exit__(self, *failure: object) -> None:
        gc.callbacks.remove(self._note)


def show(project: Project, ids: list[UUID]) -> None:
    gc.collect()
    gc.freeze()  # what filling left behind is not the product's
    with Pauses() as pauses:
        made = pages(project, ids)
    table(["page or endpoint", "status", "p50 ms", "p95 ms", "CPU ms", "queries", ""], made)
    over = sum(bool(row[-1]) for row in made)
    print(f"{over} of {len(made)} over {BUDGET_MS} ms or {BUDGET_QUERIES} queries; "
          f"longest garbage collection {pauses.longest:.0f} ms\n")  # fmt: skip
    drawings = figures(project, ids)
    table(["chart, not kept", "p50 ms", "p95 ms", "CPU ms", ""], drawings)
    print(f"{sum(bool(row[-1]) for row in drawings)} of {len(drawings)} over {CHART_MS} ms")
