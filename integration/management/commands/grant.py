"""`manage.py grant`: gives a person a role in a project, or takes it away."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from featurememory.access.roles import ROLES, grant_role
from featurememory.management.stored import StoredCommand, find_person, find_project
from featurememory.models import Project
from integration.models import ApiKey

EVERY = "*"


class Command(StoredCommand):
    help = (
        "Give a person a role in a project (none takes it away). Keys they made follow their role."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, help="their user name")
        parser.add_argument(
            "--project", required=True, help="its name; '*' for every project, future ones too"
        )
        parser.add_argument("--role", required=True, choices=[*ROLES, "none"])

    def handle(self, *args: Any, user: str, project: str, role: str, **options: Any) -> None:
        person, row = find_person(user), None if project == EVERY else find_project(project)
        grant_role(person, row, "" if role == "none" else role, "a command")
        where = f"project {row}" if row else "every project"
        self.stdout.write(f"{user}: {role} in {where}.")
        if person.is_superuser:
            self.stdout.write(f"{user} is a superuser: admin of every project whatever the role.")
        self.tell_keys(person, row)

    def tell_keys(self, person: Any, project: Project | None) -> None:
        """A key that may no longer do what its kind says stops programs: better told than found out."""
        keys = ApiKey.objects.filter(maker=person, revoked_at=None)
        for key in keys.filter(project=project) if project else keys:
            if not key.scopes:
                self.stdout.write(f"{key}: refused from now on, its maker has no rights there.")
