"""/api/v1/alerts/: rules, their history, tests and mutes."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.forms import model_to_dict
from msgspec import UNSET, Meta, Struct, UnsetType, structs
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import ErrorCode, FeatureMemoryError, not_found
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint, respond_with_page
from featurememory.http.idempotency import idempotent
from featurememory.http.json_body import decode_finite
from featurememory.http.openapi import described
from featurememory.http.pagination import parse_limit, read_page
from featurememory.http.request_body import read_body
from featurememory.http.unknown_members import list_unknown_members
from integration.alerts import evaluation, rules
from integration.alerts.rule_form import AlertForm
from integration.alerts.rule_json import serialize_notice, serialize_rule
from integration.models import AlertNotice, AlertRule

DIGITS = 19  # fewer fit into the 64 bits of a key


class AlertRuleIn(Struct):
    """A rule, or what is changed of one; what the names mean is in `AlertRule`."""

    name: str | UnsetType = UNSET
    figure: str | UnsetType = UNSET
    side: Literal["above", "below"] | UnsetType = UNSET
    threshold: float | UnsetType = UNSET
    window_hours: int | UnsetType = UNSET
    at_least: int | UnsetType = UNSET
    pattern_id: UUID | UnsetType | None = UNSET
    webhook_url: str | UnsetType = UNSET
    webhook_form: Literal["json", "slack"] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class MuteIn(Struct):
    hours: Annotated[int, Meta(ge=0, le=rules.LONGEST_MUTE)]


class AlertRules(Endpoint):
    scopes = {"GET": "read", "POST": "edit"}
    body_limit = 1 << 16

    @described("List the rules of alerts with their value of now", many=True)
    def get(self, request: Request) -> Response:
        limit = parse_limit(request.query_params.get("limit"))
        rows = rules.list_rules(key_of(request).project)
        found = read_page(rows, "name", request.query_params.get("cursor"), limit)
        data = [show_rule(request, row) for row in found.rows]
        return respond_with_page(request, found, data, limit)

    @described("Make a rule of alerts", body=AlertRuleIn, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        project = key_of(request).project
        rules.check_room(project)
        return change_rule(request, AlertRule(project=project), 201)


class AlertRuleDetail(Endpoint):
    scopes = {"GET": "read", "PATCH": "edit", "DELETE": "edit"}
    body_limit = 1 << 16

    @described("Show one rule of alerts")
    def get(self, request: Request, rule_id: str) -> Response:
        return Response(show_rule(request, find_rule(request, rule_id)))

    @described("Change a rule, or switch it off and on with `enabled`", body=AlertRuleIn)
    def patch(self, request: Request, rule_id: str) -> Response:
        return change_rule(request, find_rule(request, rule_id), 200)

    @described("Delete a rule; it can be restored for 30 days", status=204)
    def delete(self, request: Request, rule_id: str) -> Response:
        rules.delete_rule(find_rule(request, rule_id), key_of(request).actor)
        return Response(None, status=204)


class AlertRestore(Endpoint):
    scopes = {"POST": "edit"}
    body_limit = 1 << 16

    @described("Bring back a deleted rule with its history")
    def post(self, request: Request, rule_id: str) -> Response:
        key = key_of(request)
        rule = rules.restore_rule(key.project, parse_rule_id(rule_id), key.actor)
        if rule is None:
            raise not_found("deleted rule")
        return Response(show_rule(request, rule))


class AlertMute(Endpoint):
    scopes = {"POST": "edit"}
    body_limit = 1 << 16

    @described("Mute a rule for so many hours; 0 ends it", body=MuteIn)
    def post(self, request: Request, rule_id: str) -> Response:
        rule = find_rule(request, rule_id)
        hours = decode_finite(read_body(request._request), MuteIn).hours
        rules.mute_rule(rule, hours, key_of(request).actor)
        return Response(show_rule(request, rule))


class AlertTest(Endpoint):
    scopes = {"POST": "edit"}
    body_limit = 1 << 16

    @described("Measure now and send a test to the webhook, muted or not")
    @idempotent
    def post(self, request: Request, rule_id: str) -> Response:
        return Response(serialize_notice(evaluation.try_rule(find_rule(request, rule_id))))


class AlertHistory(Endpoint):
    scopes = {"GET": "read"}

    @described(
        "What rules noticed, newest first",
        query={"rule": "Only of the rule with this id", "kind": "fired, over or test"},
        many=True,
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        limit = parse_limit(query.get("limit"))
        rows = AlertNotice.objects.filter(project=key_of(request).project)
        rows = rows.select_related("delivery", "rule")
        if rule_id := query.get("rule"):
            rows = rows.filter(rule_id=parse_rule_id(rule_id))
        if kind := query.get("kind"):
            rows = rows.filter(kind=kind) if kind in AlertNotice.NoticeKind.values else rows.none()
        found = read_page(rows, "-at", query.get("cursor"), limit)
        data = [serialize_notice(row) for row in found.rows]
        return respond_with_page(request, found, data, limit)


def parse_rule_id(text: str) -> int:
    """0, which no rule has, for what is no number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < DIGITS else 0


def find_rule(request: Request, rule_id: str) -> AlertRule:
    rule = rules.list_rules(key_of(request).project).filter(pk=parse_rule_id(rule_id)).first()
    if rule is None:
        raise not_found("alert rule")
    return rule


def show_rule(request: Request, rule: AlertRule) -> dict[str, Any]:
    return serialize_rule(rule, may_edit="edit" in key_of(request).scopes)


def change_rule(request: Request, rule: AlertRule, status: int) -> Response:
    """Store what the body gives, checked as the form of the page checks it."""
    raw = read_body(request._request)
    given = {
        name: value
        for name, value in structs.asdict(decode_finite(raw, AlertRuleIn)).items()
        if value is not UNSET
    }
    enabled = given.pop("enabled", rule.enabled)
    form = AlertForm(model_to_dict(rule, AlertForm.Meta.fields) | given, instance=rule)
    if not form.is_valid():
        raise build_refusal(form)
    rule.enabled = enabled
    rules.save_rule(rule, key_of(request).actor)
    ignored = list_unknown_members(raw, AlertRuleIn, {})
    body = show_rule(request, rule) | ({"ignored": ignored} if ignored else {})
    return Response(body, status=status)


def build_refusal(form: AlertForm) -> FeatureMemoryError:
    errors = [
        {"pointer": f"/{name}", "code": one.code or "invalid", "message": str(one.messages[0])}
        for name, found in form.errors.as_data().items()
        for one in found
    ]
    first = errors[0]
    text = f"{first['pointer'].lstrip('/')}: {first['message']}"
    return FeatureMemoryError(text, ErrorCode.VALIDATION_FAILED, {"errors": errors})
