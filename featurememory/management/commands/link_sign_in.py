"""`manage.py link_sign_in`: lets an account that was there before sign in at the OpenID provider."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.db import transaction

from featurememory.access.sso_accounts import link_person
from featurememory.management.stored import StoredCommand, find_person
from featurememory.models import ExternalIdentity


class Command(StoredCommand):
    help = "Let an account that was there before sign in at the OpenID provider (FM_OIDC_ISSUER)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, help="their user name here")
        parser.add_argument(
            "--subject", required=True, help="who they are there; the refused sign-in names it"
        )

    @transaction.atomic
    def handle(self, *args: Any, user: str, subject: str, **options: Any) -> None:
        if settings.OIDC is None:
            raise CommandError("FM_OIDC_ISSUER is not set")
        person, issuer = find_person(user), settings.OIDC.issuer
        if not 0 < len(subject) <= 255:
            raise CommandError("--subject has 1 to 255 characters")
        taken = ExternalIdentity.objects.filter(issuer=issuer, subject=subject).first()
        if taken:
            raise CommandError(f"--subject {subject!r} is {taken.user} already")
        link_person(person, issuer, subject)
        self.stdout.write(f"{user} can sign in at {issuer} now.")
