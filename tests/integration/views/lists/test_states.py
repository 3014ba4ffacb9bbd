"""Every list in every state: empty, nothing found, one row, ten thousand, a mistake, without script,
after a reload, and as browsers bring it back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from featurememory.lists.exports import BATCH
from featurememory.models import Activity, Project
from integration.models import Job
from integration.views.lists.specs import SPECS
from optimizations.models import Optimization, RegisteredModel
from patterns.models import ModelInteraction, Pattern
from tests.builders import project
from tests.web import HTMX, browser, count_of, ids_in, person, text_of

pytestmark = pytest.mark.django_db
LARGE = 10_000
MOST_QUERIES = 12


def patterns(owner: Project, count: int) -> None:
    Pattern.objects.bulk_create(
        Pattern(project=owner, model_id="m", template=f"Order {n}", use_count=n, task_type="t")
        for n in range(count)
    )


def interactions(owner: Project, count: int) -> None:
    now = int(timezone.now().timestamp() * 1000)
    ModelInteraction.objects.bulk_create(
        (
            ModelInteraction(
                project=owner,
                id=f"i-{n}",
                model_id="m",
                timestamp=now - n,
                received_at=now,
                duration=float(n),
                state=1,
                success=n % 3 > 0,
            )
            for n in range(count)
        ),
        batch_size=1000,
    )


def optimizations(owner: Project, count: int) -> None:
    Optimization.objects.bulk_create(
        (
            Optimization(
                project=owner,
                id=f"o-{n}",
                number=n,
                type="route_model",
                status="candidate",
                summary=f"Change {n}",
                task_type="t",
                params={"model_id": "m"},
            )
            for n in range(count)
        ),
        batch_size=1000,
    )


def models(owner: Project, count: int) -> None:
    RegisteredModel.objects.bulk_create(
        RegisteredModel(project=owner, model_id=f"model-{n}") for n in range(count)
    )


def jobs(owner: Project, count: int) -> None:
    Job.objects.bulk_create(
        Job(project=owner, kind="rollups", state="done", done=n, actor="eva") for n in range(count)
    )


def activity(owner: Project, count: int) -> None:
    start = timezone.now()
    Activity.objects.bulk_create(
        Activity(
            project=owner,
            actor="eva",
            verb="edit",
            summary=f"Change {n}",
            at=start - timedelta(seconds=n),
        )
        for n in range(count)
    )


FILL: dict[str, Callable[[Project, int], None]] = {
    "patterns": patterns,
    "interactions": interactions,
    "optimizations": optimizations,
    "models": models,
    "jobs": jobs,
    "activity": activity,
}
# Nothing that was filled in matches.
NOTHING = {
    "patterns": "q=nowhere",
    "interactions": "model_id=nobody",
    "optimizations": "q=nowhere",
    "models": "q=nowhere",
    "jobs": "actor=nobody",
    "activity": "q=nowhere",
}
PAGED = [name for name in FILL if name != "models"]
every_list = pytest.mark.parametrize("name", FILL)
paged_list = pytest.mark.parametrize("name", PAGED)


@pytest.fixture
def owner() -> Project:
    return project("shop")


@pytest.fixture
def viewer(owner: Project) -> Client:
    return browser(person("vera"))


def test_every_list_is_among_these() -> None:
    assert set(FILL) == set(NOTHING) == set(SPECS)


@every_list
def test_an_empty_list_says_what_will_fill_it(viewer: Client, owner: Project, name: str) -> None:
    page = text_of(viewer.get(f"/{name}/"))

    assert re.search(r'<div class="empty"><h2>[^<]+</h2><p>.{20,}?</p>', page)
    assert "rel=next" not in page
    assert "matches these filters" not in page


@every_list
def test_what_filters_leave_empty_says_so_and_clears_them(
    viewer: Client, owner: Project, name: str
) -> None:
    FILL[name](owner, 2)

    page = text_of(viewer.get(f"/{name}/?{NOTHING[name]}"))

    empty = re.search(r'<div class="empty">(.*?)</div>', page)
    assert empty
    assert "filters" in empty[1]
    assert f'href="/{name}/"' in empty[1]


@every_list
def test_one_row_is_a_list(viewer: Client, owner: Project, name: str) -> None:
    FILL[name](owner, 1)

    response = viewer.get(f"/{name}/")

    assert len(ids_in(response)) == 1
    assert 'rel="next"' not in text_of(response)


@paged_list
def test_ten_thousand_rows_are_a_page_of_fifty(
    viewer: Client, owner: Project, name: str, django_assert_max_num_queries: Any
) -> None:
    FILL[name](owner, LARGE)
    viewer.get(f"/{name}/")

    with django_assert_max_num_queries(MOST_QUERIES):
        response = viewer.get(f"/{name}/")

    first = ids_in(response)
    assert len(first) == 50
    assert count_of(viewer, name, "").replace("+", "") in ("10,000", "10.0 k")
    second = viewer.get(f"/{name}/?{response.context['listing'].next}")
    assert len(set(first + ids_in(second))) == 100
    assert ids_in(viewer.get(f"/{name}/?{second.context['listing'].previous}")) == first


@paged_list
def test_a_file_goes_on_beyond_what_is_read_at_once(
    viewer: Client, owner: Project, name: str
) -> None:
    FILL[name](owner, 2 * BATCH + 7)

    answer: Any = viewer.get(f"/{name}/{name}.jsonl")

    assert sum(part.count(b"\n") for part in answer.streaming_content) == 2 * BATCH + 7


@every_list
@pytest.mark.parametrize("query", ["cursor=nonsense", "sort=colour", "limit=many"])
def test_a_mistake_in_the_address_is_a_page_that_says_which(
    viewer: Client, owner: Project, name: str, query: str
) -> None:
    FILL[name](owner, 1)

    response = viewer.get(f"/{name}/?{query}")

    if name == "models" and not query.startswith("sort"):  # it has neither pages nor cursors
        assert response.status_code == 200
        return
    assert response.status_code == 422
    assert '<nav class="side"' in text_of(response)
    assert query.partition("=")[0] in text_of(response)


@every_list
def test_without_script_everything_is_a_link_or_a_form(
    viewer: Client, owner: Project, name: str
) -> None:
    FILL[name](owner, 60)

    page = text_of(viewer.get(f"/{name}/"))

    assert "<noscript><button" in page  # of the filter
    assert re.search(rf'<th[^>]*aria-sort="[a-z]+"><a href="/{name}/\?', page)
    assert f'href="/{name}/{name}.csv' in page
    for dialog in ("columns", "views"):
        (address,) = set(
            re.findall(rf'<a class="btn flat" href="(/lists/[^"]*{dialog}/[^"]*)"', page)
        )
        assert "<html" in text_of(viewer.get(address))


@paged_list
def test_a_reload_shows_what_script_had_put_there(
    viewer: Client, owner: Project, name: str
) -> None:
    FILL[name](owner, 120)
    query = viewer.get(f"/{name}/?limit=25").context["listing"].next

    part = viewer.get(f"/{name}/?{query}", headers=HTMX)
    page = viewer.get(f"/{name}/?{query}")

    assert ids_in(part) == ids_in(page) != []
    assert "<html" not in text_of(part)


@every_list
def test_a_browser_that_goes_back_gets_the_whole_page_and_may_keep_it(
    viewer: Client, owner: Project, name: str
) -> None:
    FILL[name](owner, 1)

    back = viewer.get(f"/{name}/", headers={**HTMX, "HX-History-Restore-Request": "true"})

    assert "<html" in text_of(back)
    assert "HX-Request" in back["Vary"]
    assert (
        "no-store" not in back["Cache-Control"]
    )  # it would shut the page out of the browser's own
