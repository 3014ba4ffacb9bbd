"""Three scikit-learn pipelines of different size, and a memory that learns which of them a task needs.

    PYTHONPATH=. python docs/examples/routing_pipelines.py --tasks 6000 --plot savings.html

The application always asks for the largest pipeline. Two kinds of tasks come in (or others of the
data sets that scikit-learn brings along); a pipeline never sees in training what it is asked. What a
call costs is the CPU time it took, measured. The memory tries the smaller ones on a small share of
the tasks, routes a kind to one of them once that is proven to do no harm, and says what it saved,
with an interval. It takes two minutes or so. Needs scikit-learn; runs in this process, with its data
in a temporary folder.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter, defaultdict
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, VotingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from integration.in_process import learn_and_review, open_memory

DATA = {
    "iris.species": datasets.load_iris,
    "wine.cultivar": datasets.load_wine,
    "cancer.finding": datasets.load_breast_cancer,
    "digits.digit": datasets.load_digits,
}
SIZES = ("small", "medium", "large")
COLORS = {"small": "#1a9850", "medium": "#4575b4", "large": "#d73027"}
EUR_PER_CPU_S = 0.04 / 3600
EVERY = 200  # tasks between two looks of the memory


def make(size: str) -> Any:
    """A pipeline of its size: a line through four features, a forest, and three models that vote."""
    if size == "small":
        few = SelectKBest(k=4)
        return make_pipeline(StandardScaler(), few, LogisticRegression(max_iter=500))
    if size == "medium":
        return RandomForestClassifier(40, random_state=1)
    voters = [
        ("forest", RandomForestClassifier(100, random_state=1)),
        ("trees", ExtraTreesClassifier(100, random_state=1)),
        ("margin", make_pipeline(StandardScaler(), SVC(random_state=1))),
    ]
    return VotingClassifier(voters)


class Workload:
    """Trained pipelines by kind of task and size, and the rows they have not seen."""

    def __init__(self, kinds: list[str]) -> None:
        self.trained: dict[tuple[str, str], Any] = {}
        self.rows: dict[str, list[tuple[list[float], int]]] = {}
        for kind in kinds:
            x, y = DATA[kind](return_X_y=True)
            seen, unseen, known, truth = train_test_split(x, y, test_size=0.5, random_state=1)
            self.rows[kind] = [
                (list(map(float, r)), int(t)) for r, t in zip(unseen, truth, strict=True)
            ]
            for size in SIZES:
                self.trained[kind, size] = make(size).fit(seen, known)
        self.truth = 0  # of the task that is being handled

    def draw(self, kind: str, dice: random.Random) -> list[float]:
        """A task: a row nobody has seen, as measured a second time. No two are the same."""
        row, self.truth = dice.choice(self.rows[kind])
        return [round(value * dice.gauss(1, 0.01), 4) for value in row]

    def ask(self, kind: str, size: str, row: list[float]) -> tuple[int, float]:
        """The answer, and the EUR of CPU time it took."""
        began = time.thread_time()
        found = self.trained[kind, size].predict(np.array([row]))[0]
        return int(found), (time.thread_time() - began) * EUR_PER_CPU_S


def run(project: Any, work: Workload, count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Let the orchestrator handle so many tasks; what was seen after each EVERY of them."""
    from integration.execution.reply import Reply
    from integration.orchestrator import ModelOrchestrator
    from integration.registry import ModelRegistry
    from optimizations.engine.domain.task import Task

    def model(size: str) -> Any:
        def answer(task: Task) -> Reply:
            row: Any = task.input["features"]  # type: ignore[call-overload,index]
            found, cost = work.ask(task.task_type, size, row)
            right = found == work.truth
            return Reply(found, cost=cost, success=right, score=float(right))

        return answer

    registry, dice, seen = ModelRegistry(), random.Random(seed), []
    for size in SIZES:
        registry.register(size, model(size))
    orchestrator = ModelOrchestrator(project, registry)
    register_prices(orchestrator, work)
    served: dict[str, Counter[str]] = defaultdict(Counter)
    began = time.time()
    for number in range(1, count + 1):
        kind = dice.choice(list(work.rows))
        row: Any = work.draw(kind, dice)
        task = Task(model_id="large", task_type=kind, input={"features": row})
        done = orchestrator.handle_task(task)
        served[kind][done.model_id] += 1
        if number % EVERY == 0 or number == count:
            learn_and_review(project)
            cost = orchestrator.manager.savings(began - 3600, time.time() + 3600).net.cost
            seen.append(
                {"tasks": number, "saved": cost.point, "low": cost.low, "high": cost.high}
                | {"served": {kind: dict(counts) for kind, counts in served.items()}}
            )
            served = defaultdict(Counter)
    return seen


def register_prices(orchestrator: Any, work: Workload) -> None:
    """Each pipeline with the mean of what its calls cost: nothing is routed to what has no price."""
    from optimizations.model_catalog import Registration

    for size in SIZES:
        some = [(kind, row) for kind, rows in work.rows.items() for row, _ in rows[:10]]
        costs = [work.ask(kind, size, row)[1] for kind, row in some]
        mean = sum(costs) / len(costs)
        orchestrator.manager.register(Registration(size, [], {}, True, {"per_call": mean}))


def draw(seen: list[dict[str, Any]]) -> Any:
    """What was saved so far, with its interval; and which pipeline served each kind of task."""
    from plotly.graph_objects import Figure, Scatter
    from plotly.subplots import make_subplots

    tasks = [point["tasks"] for point in seen]
    kinds = sorted({kind for point in seen for kind in point["served"]})
    titles = ["saved so far, thousandths of a cent, with its interval", *kinds]
    figure: Figure = make_subplots(
        rows=1 + len(kinds), cols=1, shared_xaxes=True, subplot_titles=titles
    )
    low, high = ([1e5 * point[end] for point in seen] for end in ("low", "high"))
    band = Scatter(
        x=tasks + tasks[::-1], y=low + high[::-1], fill="toself", line_width=0, name="interval"
    )
    figure.add_trace(band, row=1, col=1)
    figure.add_trace(
        Scatter(x=tasks, y=[1e5 * p["saved"] for p in seen], name="saved"), row=1, col=1
    )
    for place, kind in enumerate(kinds, 2):
        for size in SIZES:
            counts = [point["served"].get(kind, {}) for point in seen]
            shares = [100 * c.get(size, 0) / max(1, sum(c.values())) for c in counts]
            style = {"name": size, "legendgroup": size, "line_color": COLORS[size]}
            line = Scatter(x=tasks, y=shares, showlegend=place == 2, **style)
            figure.add_trace(line, row=place, col=1)
        figure.update_yaxes(title_text="% served by", range=[0, 100], row=place, col=1)
    figure.update_layout(title="Routing between three pipelines", height=260 * (1 + len(kinds)))
    return figure.update_xaxes(title_text="tasks", row=1 + len(kinds), col=1)


def report(project: Any, seen: list[dict[str, Any]]) -> None:
    from django.db.models import Avg, Count, Sum

    from optimizations.models import Optimization
    from patterns.models import ModelInteraction

    rows = ModelInteraction.objects.filter(project=project).values("task_type", "model_id")
    for row in rows.annotate(Count("pk"), Sum("cost"), Avg("score")).order_by(
        "task_type", "model_id"
    ):
        print(
            f"{row['task_type']:15} {row['model_id']:7} {row['pk__count']:6} tasks"
            f"  {1e5 * (row['cost__sum'] or 0):9.3f} m¢  score {row['score__avg']:.3f}"
        )
    kinds = Optimization.objects.filter(project=project).values_list("type", "status")
    for (kind, status), count in sorted(Counter(kinds).items()):
        print(f"{kind}: {count} {status}")
    last = seen[-1]
    print(
        f"saved {1e5 * last['saved']:.3f} thousandths of a cent, between {1e5 * last['low']:.3f} "
        f"and {1e5 * last['high']:.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=6000)
    parser.add_argument(
        "--kinds", nargs="+", default=["iris.species", "digits.digit"], choices=sorted(DATA)
    )
    parser.add_argument("--plot", default="savings.html", help="where the plot goes")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="feature-memory-") as folder:
        project = open_memory(folder, "pipelines")
        seen = run(project, Workload(options.kinds), options.tasks)
        report(project, seen)
    draw(seen).write_html(options.plot, include_plotlyjs=True)
    print(f"plot: {options.plot}")


if __name__ == "__main__":
    main()
