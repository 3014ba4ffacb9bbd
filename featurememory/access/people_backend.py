"""Signing in with a password, as Django does it; a person comes with their preferences in one query."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend


class PeopleBackend(ModelBackend):
    def get_user(self, user_id: Any) -> Any:
        people = get_user_model()._default_manager.select_related("preferences")
        user = people.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
