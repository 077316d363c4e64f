"""The figures for Prometheus, none of which takes longer when the history is longer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.carriers.twilio_codes import problem_of
from gateway.engine.pulse import KINDS
from gateway.monitoring.queues import requests_in, unsent_texts, unsought, waiting
from gateway.monitoring.readiness import Readiness, readiness
from gateway.records import AuditEvent, OutboundMessage, Request, Sync
from gateway.records.audit import Event
from gateway.records.audit_chain import oldest_unsealed
from gateway.records.heartbeats import SWEEP, last_beat, last_beat_anywhere
from gateway.records.messages import NEVER
from gateway.records.requests import ALIVE
from gateway.records.tallies import totals
from gateway.wiring import Gateway

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

RECENT: Final = timedelta(hours=1)
OVERDUE: Final = timedelta(minutes=15)
"""By then the carrier's copy of a text should have been emptied, report or no report."""


def metrics(gateway: Gateway) -> bytes:
    """All figures in Prometheus' text format. Labels name states, never people."""
    state = readiness(gateway)
    registry = CollectorRegistry()
    if not state.ready:
        registry.register(_Gathered([_ready(state)]))
        return generate_latest(registry)
    with gateway.database.reading() as session:
        registry.register(_Gathered([_ready(state), *_figures(session, state.at)]))
    return generate_latest(registry)


class _Gathered(Collector):
    """What was read while the database was at hand: Prometheus' client asks more than once."""

    def __init__(self, found: list[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found


def _figures(session: Session, now: datetime) -> Iterable[Metric]:
    yield from _requests(session, now)
    yield _untold(session, now)
    yield _events(session)
    yield from _queues(session, now)
    yield from _oldest(session, now)
    yield _waiting_texts(session)
    yield _unredacted(session, now)
    yield _unsealed(session, now)
    yield _belated_sync(session, now)
    yield from _heard(session, now)


def _ready(state: Readiness) -> Metric:
    family = GaugeMetricFamily("resetline_ready", "Whether a part answers.", labels=["part"])
    family.add_metric(["database"], state.database == "ok")
    family.add_metric(["redis"], state.redis == "ok")
    return family


def _requests(session: Session, now: datetime) -> Iterable[Metric]:
    """Whatever is alive, and what became of the requests of the last hour."""
    by_state = select(Request.action, Request.state, func.count()).group_by(
        Request.action, Request.state
    )
    alive = by_state.where(Request.state.in_(ALIVE))
    ended = by_state.where(Request.created_at > now - RECENT, Request.state.not_in(ALIVE))
    counts: Counter[tuple[str, str]] = Counter()
    for query in (alive, ended):
        for action, state, count in session.execute(query):
            counts[action, state] += count
    yield _family(
        "resetline_requests", "Requests alive or of the last hour.", ["action", "state"], counts
    )


def _untold(session: Session, now: datetime) -> Metric:
    """Also those that were made useless since: somebody waited for them in vain."""
    lately = AuditEvent.at > now - RECENT
    untold = select(func.count()).where(AuditEvent.event == Event.RESET_UNTOLD, lately)
    return GaugeMetricFamily(
        "resetline_untold_passwords",
        "Passwords set that reached nobody, told by mail in the last hour.",
        value=session.scalar(untold),
    )


def _events(session: Session) -> Metric:
    """Every event is there from the beginning, so that the first of its kind is an increase."""
    family = CounterMetricFamily(
        "resetline_events", "Audited events by kind and reason.", labels=["event", "reason"]
    )
    found = {(event, reason): count for event, reason, count in totals(session)}
    for (event, reason), count in ({(each.value, ""): 0 for each in Event} | found).items():
        family.add_metric([event, reason], count)
    return family


def _queues(session: Session, now: datetime) -> Iterable[Metric]:
    found = {(name.value,): each for name, each in waiting(session, now).items()}
    depths = {name: each.count for name, each in found.items()}
    ages = {name: each.seconds(now) for name, each in found.items()}
    yield _family("resetline_queue_depth", "Rows that wait.", ["queue"], depths)
    yield _family("resetline_queue_age_seconds", "Age of the oldest of them.", ["queue"], ages)


def _oldest(session: Session, now: datetime) -> Iterable[Metric]:
    oldest = {"request": requests_in(session, ALIVE), "unsent_text": unsent_texts(session)}
    for name, each in oldest.items():
        yield GaugeMetricFamily(
            f"resetline_oldest_{name}_seconds",
            "Age of the oldest that waits.",
            value=each.seconds(now),
        )


def _waiting_texts(session: Session) -> Metric:
    """By what the carrier last said of them; `misconfigured` is for an operator to mend."""
    by_code = (
        select(OutboundMessage.error_code, func.count())
        .where(OutboundMessage.ring_at > NEVER)
        .group_by(OutboundMessage.error_code)
    )
    counts: Counter[tuple[str, str]] = Counter({("none", ""): 0})
    for code, count in session.execute(by_code):
        counts[problem_of(code), str(code or "")] += count
    labels = ["problem", "error_code"]
    return _family("resetline_waiting_texts", "Texts not yet taken.", labels, counts)


def _unredacted(session: Session, now: datetime) -> Metric:
    """A copy that the carrier will not tell us of is as bad as one that it will not empty."""
    overdue = select(func.count()).where(
        OutboundMessage.redact_at > NEVER, OutboundMessage.accepted_at <= now - OVERDUE
    )
    count = session.execute(overdue).scalar_one() + unsought(session, now).count
    return GaugeMetricFamily(
        "resetline_unredacted_texts", "Texts whose copy at the carrier is overdue.", count
    )


def _unsealed(session: Session, now: datetime) -> Metric:
    since = oldest_unsealed(session)
    return GaugeMetricFamily(
        "resetline_oldest_unsealed_event_seconds",
        "Age of the oldest audited event that is not sealed.",
        value=max(0.0, (now - since).total_seconds()) if since else 0.0,
    )


def _belated_sync(session: Session, now: datetime) -> Metric:
    """There is one row for each organization at most, so they are looked at one by one."""
    scheduled = session.scalars(select(Sync).where(Sync.every_minutes.is_not(None)))
    late = [(now - each.wanted_by).total_seconds() for each in scheduled if each.wanted_by]
    return GaugeMetricFamily(
        "resetline_directory_sync_overdue_seconds",
        "How long ago the most belated directory sync should have succeeded.",
        value=max([0.0, *late]),
    )


def _heard(session: Session, now: datetime) -> Iterable[Metric]:
    """What was never heard of has been silent for ever."""
    yield GaugeMetricFamily(
        "resetline_last_sweep_seconds",
        "Since a sweep of the clock ended.",
        value=_since(last_beat(session, SWEEP), now),
    )
    silent = {(kind,): _since(last_beat_anywhere(session, kind), now) for kind in KINDS}
    yield _family(
        "resetline_process_silent_seconds", "Since one was heard of.", ["process"], silent
    )


def _since(at: datetime | None, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds()) if at else math.inf


def _family(name: str, help_: str, labels: list[str], values: Any) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=labels)
    for each, value in values.items():
        family.add_metric(list(each), value)
    return family
