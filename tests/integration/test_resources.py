"""Resources of our own process in the hourly rollups."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from integration import resources
from integration.resources import ENGINE_EVERY, ResourceManager, measure_engine, sample_process
from patterns.models import ProjectHour
from tests.builders import items, keep, learn_all, learned, pattern_row, project

pytestmark = pytest.mark.django_db


def test_a_sample_tells_bytes_seconds_and_disk() -> None:
    first = sample_process()
    ballast = bytearray(os.urandom(1 << 16) * 512)  # 32 MiB
    second = sample_process()

    assert second.memory_bytes - first.memory_bytes > len(ballast) // 2
    assert second.cpu_seconds >= first.cpu_seconds > 0
    assert second.at > first.at
    assert second.disk_bytes >= 0


def test_memory_is_the_highest_of_the_hour_and_cpu_the_mean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project()
    manager = ResourceManager()
    start = manager.last
    for memory, cpu in ((300, 0.5), (900, 2.0), (600, 2.5)):
        fake = replace(
            start, memory_bytes=memory, at=manager.last.at + 1, cpu_seconds=start.cpu_seconds + cpu
        )
        monkeypatch.setattr(resources, "sample_process", lambda fake=fake: fake)
        manager.sample()

    hour = ProjectHour.objects.get()
    assert (hour.memory_bytes, hour.samples) == (900, 3)
    assert hour.cpu_share == pytest.approx((0.5 + 1.5 + 0.5) / 3)


def test_the_engine_is_what_its_structures_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = project()
    learned(owner, 60)
    manager = ResourceManager()
    fake = replace(manager.last, memory_bytes=900_000_000, at=manager.last.at + 1)
    monkeypatch.setattr(resources, "sample_process", lambda: fake)
    manager.sample()

    engine = ProjectHour.objects.get().engine_bytes
    assert 10_000 < engine < 50_000_000
    assert engine == pytest.approx(measure_engine(), rel=0.2)


def test_the_engine_is_counted_every_fifth_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    project()
    counted: list[int] = []

    def count() -> int:
        counted.append(1)
        return 7

    monkeypatch.setattr(resources, "measure_engine", count)
    manager = ResourceManager()
    for _ in range(ENGINE_EVERY + 1):
        manager.sample()

    assert len(counted) == 2
    assert ProjectHour.objects.get().engine_bytes == 7


def test_the_hour_counts_patterns_by_state() -> None:
    owner = project()
    for number, status in enumerate(
        ["validated", "validated", "candidate", "drifting", "archived"]
    ):
        pattern_row(owner, number, status=status)
    ResourceManager().sample()

    hour = ProjectHour.objects.get(project=owner)
    assert (hour.validated, hour.candidates, hour.drifting) == (2, 1, 1)


def test_the_queue_is_the_longest_of_the_hour() -> None:
    owner = project()
    keep(owner, items(7))
    manager = ResourceManager()
    manager.sample()
    learn_all(owner)
    manager.sample()

    assert ProjectHour.objects.get(project=owner).queue == 7
