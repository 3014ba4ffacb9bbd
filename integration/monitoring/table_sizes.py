"""What takes space in the database, in the words of the pages."""

from __future__ import annotations

from django.apps import apps

from patterns.retention import disk_usage

# What people call the rows that take most space.
TABLE_WORDS = {
    "model interactions": "interactions",
    "payloads": "inputs and outputs",
    "pattern hours": "hourly sums by pattern",
    "project hours": "hourly sums of the project",
    "ledger hours": "hourly savings",
    "arm hours": "hourly sums by arm",
    "policy states": "what was learned about changes",
    "learners": "what the recogniser remembers",
}


def list_largest_tables(
    found: list[disk_usage.TableSize] | None, most: int = 8
) -> list[tuple[str, int]] | None:
    """The largest tables by the names of their models, the others summed."""
    if found is None:
        return None
    names = {
        model._meta.db_table: str(model._meta.verbose_name_plural) for model in apps.get_models()
    }
    known = [table for table in found if table.name in names][:most]
    named = [(name_table(names[table.name]), table.bytes) for table in known]
    rest = sum(table.bytes for table in found) - sum(size for _, size in named)
    return named + ([("all others", rest)] if rest else [])


def name_table(name: str) -> str:
    return TABLE_WORDS.get(name, name)
