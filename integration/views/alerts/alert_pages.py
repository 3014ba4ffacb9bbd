"""Alerts: what is watched, what was noticed, and rules made, tried, muted and deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from featurememory.audit.record import record
from featurememory.http.pagination import read_page
from featurememory.models import Activity
from featurememory.page_access import changing, current_project, page, render_page
from integration.alerts import evaluation
from integration.alerts.messages import find_link, write_value
from integration.models import AlertNotice, AlertRule
from integration.views.alerts.forms import AlertForm

MUTES = {"1": "1 hour", "24": "1 day", "168": "1 week"}


@page
def list_alerts(request: HttpRequest) -> HttpResponse:
    project = current_project(request)
    notices = AlertNotice.objects.filter(project=project).select_related("delivery", "rule")
    found = read_page(notices, "-at", request.GET.get("cursor"), 50)
    context = {
        "rules": [describe_rule(rule) for rule in AlertRule.objects.filter(project=project)],
        "page": found,
        "next": found.next and f"cursor={found.next}",
        "previous": found.previous and f"cursor={found.previous}",
        "mutes": MUTES,
    }
    return render_page(request, "alerts/list.html", "alerts/_list.html", context)


def describe_rule(rule: AlertRule) -> tuple[AlertRule, str, str, str]:
    """With its value of now, its limit, and the list that its figure is about."""
    now, limit = write_value(rule, rule.value), write_value(rule, rule.threshold)
    return rule, now, limit, find_link(rule)


@changing
def edit_rule(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """GET shows the form; POST saves it, or shows it again with what is wrong."""
    project = current_project(request)
    rule = find_rule(request, pk) if pk else AlertRule(project=project)
    form = AlertForm(request.POST or None, instance=rule, initial=read_initial(request))
    if request.method != "POST":
        return render(request, "alerts/form.html", {"form": form, "rule": rule})
    if not pk and AlertRule.objects.filter(project=project).count() >= evaluation.MOST_RULES:
        form.add_error(None, f"A project has at most {evaluation.MOST_RULES} rules.")
    if not form.is_valid():
        return render(request, "alerts/form.html", {"form": form, "rule": rule}, status=422)
    rule.made_by = rule.made_by or str(request.user.get_username())
    rule.firing_since = rule.value = None
    form.save()
    note_change(request, rule, "changed" if pk else "made")
    messages.success(request, f"Saved {rule.name}. It is measured within 30 s.")
    return redirect("alerts")


def read_initial(request: HttpRequest) -> dict[str, Any]:
    """A link may name the figure and the pattern."""
    return {name: request.GET[name] for name in ("figure", "pattern_id") if name in request.GET}


def find_rule(request: HttpRequest, pk: int | None) -> AlertRule:
    return get_object_or_404(AlertRule, project=current_project(request), pk=pk)


def note_change(request: HttpRequest, rule: AlertRule, what: str) -> None:
    project, actor = current_project(request), str(request.user.get_username())
    summary = f"Alert {rule.name} {what}"[:300]
    Activity.objects.create(
        project=project, actor=actor, verb="alert", summary=summary, link="/alerts/"
    )
    record(project.pk, f"alert.{what}", str(rule.pk), actor=actor)


@require_POST
@changing
def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    rule = find_rule(request, pk)
    notice = evaluation.try_rule(rule)
    where = " It is on its way to the webhook." if rule.webhook_url else ""
    messages.success(request, f"{notice.text}{where}")
    return redirect("alerts")


@require_POST
@changing
def mute_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """`hours` 0 ends it."""
    rule, hours = find_rule(request, pk), request.POST.get("hours", "")
    rule.muted_until = timezone.now() + timedelta(hours=int(hours)) if hours in MUTES else None
    rule.save(update_fields=["muted_until"])
    note_change(request, rule, "muted" if rule.muted_until else "unmuted")
    text = f"{rule.name} is heard again."
    if rule.muted_until:
        text = f"Muted {rule.name} for {MUTES[hours]}: its webhook is not called."
    messages.success(request, text)
    return redirect("alerts")


@require_POST
@changing
def switch_rule(request: HttpRequest, pk: int) -> HttpResponse:
    rule = find_rule(request, pk)
    rule.enabled = not rule.enabled
    rule.firing_since = None
    rule.save(update_fields=["enabled", "firing_since"])
    note_change(request, rule, "enabled" if rule.enabled else "disabled")
    return redirect("alerts")


@changing
def delete_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """GET says what goes; POST deletes the rule with its history."""
    rule = find_rule(request, pk)
    if request.method != "POST":
        context = {"rule": rule, "notices": rule.notices.count()}
        return render_page(request, "alerts/delete.html", "alerts/_delete.html", context)
    note_change(request, rule, "deleted")
    rule.delete()
    messages.success(request, f"Deleted {rule.name}.")
    return redirect("alerts")
