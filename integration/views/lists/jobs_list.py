"""The list of jobs: what runs in the background, how far it is, who started it."""

from __future__ import annotations

from html import escape

from django.db.models import F

from featurememory.http.base_path import place_path
from featurememory.lists import periods
from featurememory.lists.column_kinds import figure_column, moment_column, word_column
from featurememory.lists.columns import ListColumn, ListFilter, ListSpec
from featurememory.lists.query_list import QueryList
from featurememory.lists.table_html import write_row_id
from featurememory.templatetags import figures
from integration.jobs.queue import KINDS, name_job
from integration.models import Job

TONES = {"done": "ok", "failed": "bad"}


def write_job(job: Job) -> str:
    text = escape(name_job(job)[:120])
    address = place_path(f"/jobs/{job.pk}/")
    return (
        f'<a class="row" href="{address}"><span class="cut">{text}</span></a>'
        f'<span class="sub">{write_row_id(str(job.pk))}</span>'
    )


def write_progress(job: Job) -> str:
    if not job.total:
        return '<span class="quiet">—</span>'
    return f"{figures.number(job.done)} of {figures.number(job.total)} {escape(job.unit)}"


def write_took(job: Job) -> str:
    took = getattr(job, "took", None)
    return figures.duration(took.total_seconds() * 1000) if took else '<span class="quiet">—</span>'


COLUMNS = (
    ListColumn("job", "Job", write_job, css="full"),
    ListColumn(
        "state",
        "State",
        lambda job: f'<span class="badge {TONES.get(job.state, "")}">{job.state}</span>',
        pick=lambda job: ("state", job.state),
    ),
    ListColumn("done", "Progress", write_progress, "done", numeric=True),
    word_column("kind", "Kind", css="tight wideonly", shown=False),
    figure_column("total", "Total", figures.number, shown=False),
    ListColumn("took", "Took", write_took, "took", numeric=True, css="wideonly"),
    moment_column("created_at", "Started", figures.ago),
    word_column("actor", "By"),
)
FILTERS = (
    ListFilter("range", "Started", kind="choice", choices=periods.CHOICES, offered=False),
    ListFilter("state", "State", kind="choice", choices=dict(Job.JobState.choices)),
    ListFilter("kind", "Kind", kind="choice", choices={name: KINDS[name][0] for name in KINDS}),
    ListFilter("actor", "Started by"),
)
SPEC = ListSpec(
    name="jobs",
    path="/jobs/",
    title="Jobs",
    noun="job",
    columns=COLUMNS,
    filters=FILTERS,
    default_sort="-created_at",
    row_id=lambda job: str(job.pk),
    row_link=lambda job: f"/jobs/{job.pk}/",
    part="jobs/_list.html",
    peek="jobs/_peek.html",
)
JOBS = QueryList(
    spec=SPEC,
    select=lambda project: (
        Job.objects.filter(project=project)
        .annotate(took=F("ended_at") - F("started_at"))
        .order_by()
    ),
    exported=(
        "id",
        "kind",
        "state",
        "done",
        "total",
        "unit",
        "actor",
        "created_at",
        "started_at",
        "ended_at",
        "took",
    ),
    lookups={"state": "state__in", "kind": "kind__in", "actor": "actor"},
    time_field="created_at",
    tabs=(
        ("All", {}),
        ("Running", {"state": "running,queued"}),
        ("Failed", {"state": "failed"}),
    ),
)
