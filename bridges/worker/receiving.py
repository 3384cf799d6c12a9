"""The part of Celery's default strategy that follows on the making of a request.

The strategy takes a message with an encoded body, which steps need not have. The order of signals,
events, limits and counters is Celery's. Strategies of a task's own are called: see `own_strategy`.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import signals
from celery.app import trace
from celery.utils.time import timezone
from celery.worker import state
from kombu.asynchronous.timer import to_timestamp

from ..ends.task_error import error_of

LOG = logging.getLogger("celery.worker.strategy")


def receive(consumer: Any, request: Any) -> None:
    """Bring a request to the pool, when its limits allow that. To be called by the consumer."""
    if LOG.isEnabledFor(logging.INFO):
        about = {
            "id": request.id,
            "name": request.name,
            "args": request.argsrepr,
            "kwargs": request.kwargsrepr,
            "eta": request.eta,
        }
        LOG.info(trace.LOG_RECEIVED, about, extra={"data": about})
    if request.revoked():
        return
    signals.task_received.send(sender=consumer, request=request)
    _send_event(consumer, request)
    bucket = None if consumer.disable_rate_limits else consumer.task_buckets[request.task.name]
    if request.eta:
        _schedule(consumer, request, bucket)
    elif bucket:
        consumer._limit_task(request, bucket, 1)
    else:
        state.task_reserved(request)
        # The autoscaler looks at each.
        for callback in consumer.on_task_message:
            callback(request)
        consumer.on_task_request(request)


def _schedule(consumer: Any, request: Any, bucket: Any) -> None:
    try:
        at = _time_of(request, consumer)
    except (OverflowError, ValueError) as error:
        request.step.fail(error_of(error))
        request.reject(requeue=False)
        return
    consumer.qos.increment_eventually()
    action, args = (
        (consumer._limit_post_eta, (request, bucket, 1))
        if bucket
        else (consumer.apply_eta_task, (request,))
    )
    request._eta_timer_entry = consumer.timer.call_at(at, action, args, priority=6)
    # Celery 5.6 does not note those that wait for their time.
    getattr(state, "task_scheduled", _unnoted)(request)


def _unnoted(_request: Any) -> None:
    pass


def _time_of(request: Any, consumer: Any) -> float:
    if request.utc:
        return float(to_timestamp(timezone.to_system(request.eta)))
    return float(to_timestamp(request.eta, consumer.app.timezone))


def _send_event(consumer: Any, request: Any) -> None:
    eventer = consumer.event_dispatcher
    if not (eventer and eventer.enabled and request.task.send_events):
        return
    eventer.send(
        "task-received",
        uuid=request.id,
        name=request.name,
        args=request.argsrepr,
        kwargs=request.kwargsrepr,
        root_id=request.root_id,
        parent_id=request.parent_id,
        retries=request.request_dict.get("retries", 0),
        eta=request.eta and request.eta.isoformat(),
        expires=request.expires and request.expires.isoformat(),
    )
