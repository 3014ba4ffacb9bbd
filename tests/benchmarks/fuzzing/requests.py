"""A bad request, and who sends it: a program with every right, or a signed-in person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from featurememory.models import Project
from integration.views.overview.charts import CHARTS
from patterns.models import Pattern
from tests.benchmarks.fuzzing.targets import CARD, CHANGE, ITEM, TASK, list_targets
from tests.builders import items, keep, key_of, learn_all


@dataclass(frozen=True)
class BadRequest:
    """`query` is behind the question mark, `body` a body or an encoded form."""

    kind: str
    method: str
    path: str
    query: bytes = b""
    body: bytes = b""
    content_type: str = "application/json"

    def __len__(self) -> int:
        return len(self.path) + len(self.query) + len(self.body)

    def __repr__(self) -> str:
        asked = (
            f"{self.method} /{self.path}{'?' if self.query else ''}{self.query.decode('latin-1')}"
        )
        return f"{asked} {self.body!r}" if self.body else asked


class Requester:
    """Sends requests to one project, as a program with every right and as a signed-in person."""

    def __init__(self, owner: Project, user: User) -> None:
        keep(owner, items(24, tasks=3))
        learn_all(owner)
        self.headers = {"Authorization": f"Bearer {key_of(owner)}"}
        self.program, self.person = (Client(raise_request_exception=False) for _ in range(2))
        self.person.force_login(user)
        self.targets = list_targets()
        self.ids = self.make_ids(owner)
        self.known = [one for some in self.ids.values() for one in some]
        self.expect_good_answers()

    def make_ids(self, owner: Project) -> dict[str, list[str]]:
        """Something of every kind that a path can name."""
        patterns = Pattern.objects.filter(project=owner).values_list("pk", flat=True)
        models = [self.post("models/", CARD | {"model_id": name}) for name in ("m", "m2")]
        optimizations = [self.post("optimizations/", CHANGE)["id"] for _ in models[:1]]
        jobs = [self.post("jobs/", {"kind": "rollups"})["id"]]
        return {
            "pattern_id": [str(one) for one in patterns],
            "interaction_id": ["i-1", "i-2"],
            "session_id": ["s"],
            "optimization_id": optimizations,
            "job_id": jobs,
            "pk": jobs,
            "decision_id": [self.post("tasks/prepare/", {"task": TASK})["decision_id"]],
            "name": list(CHARTS),
            "verb": ["pin", "unpin", "block", "retire"],
        }

    def post(self, path: str, body: Any) -> Any:
        data = json.dumps(body)
        more: dict[str, Any] = {"headers": self.headers, "SERVER_NAME": "localhost"}
        answer = self.program.post(f"/api/v1/{path}", data, "application/json", **more)
        assert answer.status_code < 300, answer.content
        return answer.json()

    def expect_good_answers(self) -> None:
        """What is right gets through: otherwise the bad requests would prove nothing."""
        body = json.dumps(ITEM).encode()
        assert self.send(BadRequest("bodies", "POST", "api/v1/interactions/", body=body)) == 201
        assert self.send(BadRequest("filters", "GET", "api/v1/patterns/", b"limit=3")) == 200
        assert self.send(BadRequest("pages", "GET", "patterns/", b"q=order")) == 200

    def send(self, given: BadRequest) -> int:
        client = self.person if given.kind == "pages" else self.program
        return client.generic(
            given.method,
            f"/{given.path}",
            given.body,
            given.content_type,
            headers=None if given.kind == "pages" else self.headers,
            QUERY_STRING=given.query.decode("latin-1"),
            SERVER_NAME="localhost",
        ).status_code
