"""Messages to webhooks, in threads of their own: a slow host holds up nobody but its own messages."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from featurememory import outgoing
from featurememory.database.write_lock import write_turn
from integration.alerts.messages import build_body, sign
from integration.models import AlertDelivery

if TYPE_CHECKING:
    import httpx

logger = logging.getLogger("featurememory.alerts")
THREADS, TIMEOUT_S = 8, 5.0
# Messages under way in this process, and of one project: one project's slow host leaves threads free.
MOST_UNDER_WAY, MOST_OF_A_PROJECT, LOOKED_AT = 16, 2, 200
# Seconds until the next attempt; after the last one the message has failed.
BACKOFF_S = (10, 30, 120, 600, 1800)
_lock = threading.Lock()
_under_way: dict[int, str] = {}
_pool: list[ThreadPoolExecutor] = []


def deliver_due() -> int:
    """Hand the messages that are due to threads, and return at once; how many."""
    started = 0
    for delivery in list_due():
        project = str(delivery.notice.project_id)
        with _lock:
            mine = sum(1 for other in _under_way.values() if other == project)
            if len(_under_way) >= MOST_UNDER_WAY or mine >= MOST_OF_A_PROJECT:
                continue
            if delivery.pk in _under_way or not claim(delivery):
                continue
            _under_way[delivery.pk] = project
        find_pool().submit(run, delivery.pk)
        started += 1
    return started


def list_due() -> list[AlertDelivery]:
    due = AlertDelivery.objects.filter(state="waiting", next_at__lte=timezone.now())
    return list(due.select_related("notice").order_by("next_at")[:LOOKED_AT])


def claim(delivery: AlertDelivery) -> bool:
    """Take the lease, so that no other process sends it; one that dies loses it after a minute."""
    rows = AlertDelivery.objects.filter(pk=delivery.pk, state="waiting", next_at=delivery.next_at)
    with write_turn():
        return bool(rows.update(next_at=timezone.now() + AlertDelivery.LEASE))


def find_pool() -> ThreadPoolExecutor:
    with _lock:
        if not _pool:
            _pool.append(ThreadPoolExecutor(THREADS, thread_name_prefix="fm-alert"))
        return _pool[0]


def run(pk: int) -> None:
    try:
        attempt(pk)
    except Exception:  # a database that hangs up: the lease ends, and it is tried again
        logger.warning("An alert could not be delivered and will be tried again", exc_info=True)
    finally:
        with _lock:
            _under_way.pop(pk, None)
        close_old_connections()


def attempt(pk: int, transport: httpx.BaseTransport | None = None) -> str:
    """One attempt, and what came of it. `transport` is for tests."""
    rows = AlertDelivery.objects.select_related("notice__rule__project")
    delivery = rows.filter(pk=pk, state="waiting").first()
    if delivery is None:
        return ""
    rule = delivery.notice.rule
    body = build_body(delivery.notice)
    signature = sign(rule.secret, body, int(time.time()))
    why = post(rule.webhook_url, body, signature, transport)
    note_outcome(delivery, why)
    return why


def note_outcome(delivery: AlertDelivery, why: str) -> None:
    """`why` is empty after success."""
    delivery.attempts += 1
    delivery.outcome = why[:200] or "delivered"
    delivery.state = AlertDelivery.DeliveryState.SENT
    if why:
        last = delivery.attempts > len(BACKOFF_S)
        delivery.state = AlertDelivery.DeliveryState.FAILED if last else "waiting"
        wait = 0 if last else BACKOFF_S[delivery.attempts - 1]
        delivery.next_at = timezone.now() + timedelta(seconds=wait)
    with write_turn():
        delivery.save(update_fields=["attempts", "outcome", "state", "next_at"])


def post(
    url: str, body: bytes, signature: str, transport: httpx.BaseTransport | None = None
) -> str:
    """Send one body; "" when a 2xx came back, else why not.

    The address that was checked is the one that is called: a name cannot point elsewhere meanwhile.
    """
    import httpx  # 6 MB that a server without webhooks does not hold

    if why := find_refusal(url):
        return why
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    addresses = outgoing.look_up(host, port)
    if not addresses:
        return "Its host has no address."
    target = httpx.URL(url).copy_with(host=str(addresses[0]))
    headers = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "User-Agent": f"FeatureMemory/{settings.VERSION}",
        "X-FeatureMemory-Signature": signature,
    }
    try:
        with (
            httpx.Client(timeout=TIMEOUT_S, trust_env=False, transport=transport) as client,
            client.stream(
                "POST",
                target,
                content=body,
                headers=headers,
                extensions={"sni_hostname": host},
            ) as answer,
        ):
            return "" if answer.is_success else f"It answered {answer.status_code}."
    except httpx.HTTPError as error:
        return f"It could not be reached: {type(error).__name__}."


def find_refusal(url: str) -> str | None:
    return outgoing.find_private_refusal(url, settings.WEBHOOK_HOSTS, "FM_WEBHOOK_HOSTS")
