"""Erasure as a job: each step can be run again, so one that died goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from featurememory.audit.record import record
from integration.erasure.dictionaries import is_affected, replace_dictionaries
from integration.erasure.erase_rows import COUNTED, erase_rows
from integration.erasure.forget_answers import forget_answers
from integration.erasure.forget_patterns import forget_patterns
from integration.erasure.free_pages import overwrite_free_pages
from integration.erasure.selection import find_content
from integration.erasure.uploads import delete_uploads
from integration.models import Job
from optimizations.decision_log.log import catch_up


def run_erasure_steps(job: Job) -> Iterator[str]:
    """`params`: what to erase, itself erased at the end. `cursor["receipt"]`: what went."""
    if "receipt" not in job.cursor:
        catch_up()
        content = find_content(job.project_id, job.params)
        job.total = len(content.numbers)
        yield f"Erasing {len(content.numbers):,} interactions, {len(content.decisions):,} decisions"
        counts = Counter(job.cursor.get("counts", {}))
        affected = is_affected(content.numbers) or job.cursor.get("affected", False)
        if content.numbers:
            counts += forget_patterns(job.project, content)
        # Noted before the rows go: an erasure that died does not find them again.
        job.cursor = {"affected": affected, "counts": dict(counts)}
        yield ""
        counts += erase_rows(job.project, content)
        job.cursor = {"affected": affected, "counts": dict(counts)}
        yield ""
        forget_answers(job.project)
        if affected:
            yield from replace_dictionaries()
        finish_erasure(job, counts)
        yield ""
    if not overwrite_free_pages():
        yield "A reader kept the log from being emptied: run manage.py cleanup"
    yield "Erased " + ", ".join(f"{n:,} {name}" for name, n in job.cursor["receipt"].items())


def finish_erasure(job: Job, counts: Counter[str]) -> None:
    """The receipt names numbers only; what was asked for would name the person again."""
    delete_uploads(job.project)
    receipt = {name: counts[name] for name in COUNTED}
    record(job.project_id, "erasure.done", f"job {job.pk}", actor=job.actor, after=receipt)
    job.cursor, job.done = {"receipt": receipt}, receipt["interactions"]
    job.params = {}
    Job.objects.filter(pk=job.pk).update(params={}, cursor=job.cursor)
