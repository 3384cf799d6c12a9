"""Celery's request of a task, whose outcome also goes to the engine.

Every way in which a request can be over leads through one of these methods. The end is
reported before Celery's own part is done: an event that cannot be sent must not lose it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from billiard.einfo import ExceptionInfo, ExceptionWithTraceback
from celery.exceptions import (
    Ignore,
    Reject,
    Retry,
    TaskRevokedError,
    Terminated,
    TimeLimitExceeded,
    WorkerLostError,
)
from celery.worker.request import create_request_cls
from celery.worker.state import task_ready

from ..ends.task_error import TaskError, error_of, full_name
from .held_step import HeldStep
from .pool_job import PoolJob, forks
from .traced import StepFailure, StepValue, trace_step

#: Why `Ignore` ends a step as failed: nobody will ever say its result.
IGNORED = (
    "the task raised Ignore, so it has no result: return a value, or use $on-failure: continue"
)


def request_class(own: Any, task: Any, consumer: Any, measured: Callable[[float], None]) -> type:
    """The class of requests for steps that this task serves, on top of the class ``own``.

    ``measured`` is given the seconds that each run took.
    """
    base: Any = create_request_cls(
        own,
        task,
        consumer.pool,
        consumer.hostname,
        consumer.event_dispatcher,
        # A process may have workers of several apps, and Celery knows of one.
        trace=trace_step if forks(consumer.pool) else partial(trace_step, app=consumer.app),
        app=consumer.app,
    )

    class StepRequest(base):  # type: ignore[misc] # made at run time
        step: HeldStep
        failure: StepFailure | None = None

        def execute_using_pool(self, pool: Any, **kwargs: Any) -> Any:
            if self.step.request is not self:
                raise TaskRevokedError(self.id)  # Another request runs it.
            if self.step.over and not self.revoked():
                # It was handed back while it waited for a slot. Nobody needs its message.
                task_ready(self)
                self.acknowledge()
                raise TaskRevokedError(self.id)
            self.step.submitted()
            self.step.job = job = PoolJob(pool)
            try:
                result = super().execute_using_pool(pool, **kwargs)
            except BaseException:
                self.step.job = None
                raise
            job.given(pool, result)
            return result

        def on_accepted(self, pid: int, time_accepted: float) -> None:
            # While it waited for a thread, it may have expired, or been revoked or handed back.
            # Then the thread runs nothing.
            threaded = not forks(consumer.pool)
            if (threaded and self.revoked()) or (not self.step.accept() and threaded):
                raise TaskRevokedError(self.id)
            try:
                super().on_accepted(pid, time_accepted)
            except NotImplementedError as error:
                # To be terminated before it began, in a pool that cannot do that.
                self.step.fail(error_of(TaskRevokedError(str(error) or "terminated")))
                raise

        def on_success(self, outcome: Any, **kwargs: Any) -> Any:
            if isinstance(outcome, ExceptionInfo):
                # Of a task that ends its thread, by sys.exit().
                return self.on_failure(outcome)
            failed, value, runtime = outcome
            if runtime is not None:
                measured(runtime)
            if isinstance(value, StepValue):
                if value.text is None:
                    self.step.follow()
                else:
                    self.step.succeed(value.text)
                outcome = failed, value.shown, runtime
            elif isinstance(value, StepFailure):
                self.failure = value
                outcome = failed, value.info, runtime
            return super().on_success(outcome, **kwargs)

        def on_failure(
            self, exc_info: ExceptionInfo, send_failed_event: bool = True, return_ok: bool = False
        ) -> Any:
            error = _unwrapped(exc_info.exception)
            if isinstance(error, WorkerLostError):
                # Celery may retry it itself, which decides what becomes of the step.
                try:
                    return super().on_failure(exc_info, send_failed_event, return_ok)
                finally:
                    self._settle(error)
            self._settle(error)
            return super().on_failure(exc_info, send_failed_event, return_ok)

        def _retry_worker_lost(self, exc: Any, exc_info: Any) -> bool:
            if self.step.task.once:
                return False
            retried = bool(super()._retry_worker_lost(exc, exc_info))
            if retried:
                self._retry(exc)
            return retried

        def cancel(self, pool: Any, signal: Any = None, emit_retry: bool = True) -> None:
            if self._consumer_lost():
                return  # Nothing of it comes again from the broker: it runs on.
            try:
                super().cancel(pool, signal, emit_retry)
            except NotImplementedError:
                return  # In a pool that cannot end a task it runs to its end.

        def _consumer_lost(self) -> bool:
            return bool(consumer.controller.consumer.connection is None)

        def on_timeout(self, soft: bool, timeout: float) -> None:
            if not soft:
                self.step.fail(error_of(TimeLimitExceeded(timeout)))
            super().on_timeout(soft, timeout)

        def _announce_revoked(
            self, reason: str, terminated: bool, signum: Any, expired: bool
        ) -> None:
            self.step.fail(_revoked(reason))
            super()._announce_revoked(reason, terminated, signum, expired)

        def _announce_cancelled(self, emit_retry: bool = True) -> None:
            # In the handler of a signal, which is no place to talk to Redis.
            self.step.leave()
            super()._announce_cancelled(emit_retry)

        def _settle(self, error: BaseException) -> None:
            if isinstance(error, Terminated):
                return  # Announced as revoked, or cancelled before.
            if isinstance(error, Retry):
                self._retry(error.exc)
            elif self._comes_again(error):
                self.step.run_again()
            elif self.failure is not None and self.failure.replaced:
                self.step.follow()
            elif isinstance(error, Ignore):
                self.step.fail(TaskError(_name(error), IGNORED, final=True))
            elif isinstance(error, (SystemExit, KeyboardInterrupt)):
                self.step.fail(error_of(WorkerLostError(f"the worker exited: {error!r}")))
            elif self.failure is not None:
                self.step.fail(self.failure.error)
            else:
                self.step.fail(error_of(error))

        def _retry(self, error: BaseException | None) -> None:
            reason = "" if error is None else error_of(error).reason
            self.step.retry(reason, self.request_dict.get("retries", 0) + 1)

        def _comes_again(self, error: BaseException) -> bool:
            """Whether a broker would deliver its message again."""
            if isinstance(error, Reject):
                return bool(error.requeue)
            late = self.task.acks_late and self.task.reject_on_worker_lost
            return bool(late and isinstance(error, WorkerLostError) and not self.step.task.once)

    return StepRequest


def _unwrapped(error: BaseException) -> BaseException:
    inner: BaseException = error.exc if isinstance(error, ExceptionWithTraceback) else error
    return inner


def _name(error: BaseException) -> str:
    return full_name(type(error).__module__, type(error).__qualname__)


def _revoked(reason: str) -> TaskError:
    error = error_of(TaskRevokedError(reason))
    return TaskError(error.type, error.message, classes=error.classes, final=reason != "expired")
