"""Alerts: what is watched, what was noticed, and rules made, tried, muted and deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from featurememory.errors import FeatureMemoryError
from featurememory.http.pagination import read_page
from featurememory.lists.pages import wants_panel
from featurememory.models import Project
from featurememory.page_access import changing, current_project, page, render_page
from integration.alerts import evaluation, rules
from integration.alerts.messages import describe_rule, find_link, write_value
from integration.alerts.rule_form import AlertForm
from integration.models import AlertNotice, AlertRule

# What the form begins with: rules that most projects want.
STARTERS = {
    "Success falls": "name=Success+falls&figure=success&side=below&threshold=90",
    "Effectiveness falls": "name=Effectiveness+falls&figure=effectiveness&side=below&threshold=70",
    "A day is expensive": "name=An+expensive+day&figure=cost&threshold=50",
    "Calls are slow": "name=Slow+calls&figure=p95&threshold=10000",
    "Calls surge": "name=A+surge&figure=surge&threshold=3",
    "A pattern is new": "name=New+patterns&figure=new_patterns&threshold=0",
    "An optimization is proven": "name=Proven&figure=proven&threshold=0",
    "An optimization is rolled back": "name=Rolled+back&figure=rolled_back&threshold=0",
    "Recognition lags behind": "name=A+long+queue&figure=queue&threshold=1000",
    "Storage fills": "name=Storage&figure=storage&threshold=1000",
}
HEADS = {"name": "Rule", "state": "State", "now": "Now"}
SORTS = {*HEADS, *(f"-{name}" for name in HEADS)}
NOTICES = 8  # of a rule, beside the list
MUTES = {"1": "1 hour", "24": "1 day", "168": "1 week"}


@page
def list_alerts(request: HttpRequest) -> HttpResponse:
    project = current_project(request)
    if wants_panel(request):
        return render(request, "alerts/_peek.html", find_panel(request, project))
    sort = request.GET.get("sort", "") if request.GET.get("sort", "") in SORTS else "name"
    notices = AlertNotice.objects.filter(project=project).select_related("delivery", "rule")
    found = read_page(notices, "-at", request.GET.get("cursor"), 50)
    context = {
        "lines": sort_lines([build_line(rule) for rule in rules.list_rules(project)], sort),
        "heads": build_heads(sort),
        "starters": STARTERS,
        "page": found,
        "next": found.next and f"cursor={found.next}",
        "previous": found.previous and f"cursor={found.previous}",
        "mutes": MUTES,
    }
    return render_page(request, "alerts/list.html", "alerts/_list.html", context)


def find_panel(request: HttpRequest, project: Project) -> dict[str, Any]:
    """The rule beside the list with what it noticed last; without one the panel closes."""
    name = request.GET.get("peek", "")[:18]
    found = (
        rules.list_rules(project).filter(pk=int(name))
        if name.isascii() and name.isdecimal()
        else None
    )
    rule = found.first() if found is not None else None
    if rule is None:
        return {}
    return {
        "line": build_line(rule),
        "rule": rule,
        "notices": rule.notices.order_by("-at")[:NOTICES],
    }


def sort_lines(lines: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    """Rules that fire come first in the order of states; a figure that is not known comes last."""
    name = sort.lstrip("-")
    reads: dict[str, Callable[[AlertRule], Any]] = {
        "name": lambda rule: rule.name.casefold(),
        "state": lambda rule: (not rule.enabled, rule.firing_since is None, rule.value is None),
        "now": lambda rule: rule.value,
    }
    read = reads[name]
    known = [line for line in lines if read(line["rule"]) is not None]
    known.sort(key=lambda line: read(line["rule"]), reverse=sort.startswith("-"))
    return known + [line for line in lines if read(line["rule"]) is None]


def build_heads(sort: str) -> list[dict[str, str]]:
    """The heads that sort: title, direction, and the order that a click asks for."""
    found = []
    for name, title in HEADS.items():
        now = {name: "ascending", f"-{name}": "descending"}.get(sort, "none")
        turned = f"-{name}" if now == "ascending" else name
        found.append({"name": name, "title": title, "now": now, "turned": turned})
    return found


def build_line(rule: AlertRule) -> dict[str, Any]:
    """A rule with what it watches in words, its value of now, and the list that it is about."""
    return {
        "rule": rule,
        "text": describe_rule(rule),
        "now": write_value(rule, rule.value),
        "limit": write_value(rule, rule.threshold),
        "link": find_link(rule),
    }


@changing
def edit_rule(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """GET shows the form; POST saves it, or shows it again with what is wrong."""
    project = current_project(request)
    rule = find_rule(request, pk) if pk else AlertRule(project=project)
    form = AlertForm(request.POST or None, instance=rule, initial=read_initial(request))
    if request.method != "POST":
        return render_form(request, form, 200)
    try:
        if not pk:
            rules.check_room(project)
    except FeatureMemoryError as error:
        form.add_error(None, str(error))
    if not form.is_valid():
        return render_form(request, form, 422)
    rules.save_rule(rule, name_actor(request))
    messages.success(request, f"Saved {rule.name}. It is measured within 30 s.")
    return redirect("alerts")


def render_form(request: HttpRequest, form: AlertForm, status: int) -> HttpResponse:
    context = {"form": form, "rule": form.instance, "starters": STARTERS}
    return render(request, "alerts/form.html", context, status=status)


def read_initial(request: HttpRequest) -> dict[str, Any]:
    """A link may name what the rule begins with."""
    return {name: request.GET[name] for name in AlertForm.Meta.fields if name in request.GET}


def find_rule(request: HttpRequest, pk: int | None) -> AlertRule:
    return get_object_or_404(rules.list_rules(current_project(request)), pk=pk)


def name_actor(request: HttpRequest) -> str:
    return str(request.user.get_username())


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
    rules.mute_rule(rule, int(hours) if hours in MUTES else 0, name_actor(request))
    text = f"{rule.name} is heard again."
    if rule.muted_until:
        text = f"Muted {rule.name} for {MUTES[hours]}: its webhook is not called."
    messages.success(request, text)
    return redirect("alerts")


@require_POST
@changing
def switch_rule(request: HttpRequest, pk: int) -> HttpResponse:
    rule = find_rule(request, pk)
    rules.switch_rule(rule, not rule.enabled, name_actor(request))
    return redirect("alerts")


@changing
def delete_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """GET says what goes; POST deletes the rule, which Undo brings back with its history."""
    rule = find_rule(request, pk)
    if request.method != "POST":
        context = {"rule": rule, "notices": rule.notices.count()}
        return render_page(request, "alerts/delete.html", "alerts/_delete.html", context)
    rules.delete_rule(rule, name_actor(request))
    undo = reverse("alert_restore", args=[rule.pk])
    messages.success(request, f"Deleted {rule.name}.", extra_tags=undo)
    return redirect("alerts")


@require_POST
@changing
def restore_rule(request: HttpRequest, pk: int) -> HttpResponse:
    rule = rules.restore_rule(current_project(request), pk, name_actor(request))
    text = f"{rule.name} watches again." if rule else "It is gone for good."
    messages.success(request, text)
    return redirect("alerts")
