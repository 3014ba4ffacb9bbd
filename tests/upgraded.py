"""A start on the data of an earlier version, in a process of its own: prints what it found as JSON.

    FM_DATA_DIR=… python -m tests.upgraded KEY

It migrates, reads pages and the API, learns more into the old patterns and repairs them.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "featurememory.settings"
PAGES: tuple[str, ...] = (
    "/",
    "/patterns/",
    "/interactions/",
    "/optimizations/",
    "/models/",
    "/activity/",
)
PAGES += ("/keys/", "/jobs/", "/health/")
ORDER = "Where is my order {}? It should have come to Graz."


def main(key: str) -> dict[str, Any]:
    from integration import startup
    from integration.repair.save_repair import consolidate_project
    from tests.builders import Caller, learn_all

    ready = startup.prepare_start()
    api = Caller(key)
    before = listed(api)
    order = next(name for name, row in before.items() if row["task_type"] == "shop.order")
    body = interaction(0)
    report = {
        "made_a_key": ready.key is not None,
        "pages": pages(order),
        "before": before,
        "interactions": len(api.get("interactions/", limit=200).json()["data"]),
        "optimizations": api.get("optimizations/").json()["data"],
        "match": api.post("patterns/recognize/", body).json()["match"],
        "posted": [api.post("interactions/", interaction(n)).status_code for n in range(12)],
        "learned": learn_all(ready.project),
        "after": listed(api),
        "repaired": consolidate_project(ready.project.pk) is not None,
        "at_the_end": listed(api),
    }
    return report | {"order": order}


def interaction(number: int) -> dict[str, Any]:
    return {
        "id": f"new-{number}",
        "model_id": "small",
        "task_type": "shop.order",
        "input": ORDER.format(5000 + number),
        "output": "Done for Graz.",
        "metadata": {"timestamp": "2030-01-01T00:00:00Z", "duration": 200},
        "success": True,
    }


def listed(api: Any) -> dict[str, Any]:
    return {row["id"]: row for row in api.get("patterns/", limit=200).json()["data"]}


def pages(pattern_id: str) -> dict[str, int]:
    """The status of every page for the user that the start made."""
    from django.contrib.auth import get_user_model

    from tests.web import browser

    visitor = browser(get_user_model().objects.get(username="admin"))
    found = (*PAGES, f"/patterns/{pattern_id}/", "/patterns/trash/", "/admin/")
    return {page: visitor.get(page).status_code for page in found}


if __name__ == "__main__":
    django.setup()
    from django.test.utils import override_settings

    from tests.web import PLAIN_STATIC

    # As pytest does: the test client asks for the host "testserver".
    with override_settings(STORAGES=PLAIN_STATIC, ALLOWED_HOSTS=["testserver", "localhost"]):
        print(json.dumps(main(sys.argv[1])))
