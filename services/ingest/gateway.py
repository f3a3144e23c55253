"""The HTTP gateway: `POST /v1/submissions` and `GET /v1/submissions/{id}`, one API key per agency."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from planwatch.errors import Invalid
from planwatch.language import Text
from planwatch.plan import Plan
from planwatch.submission import (
    CheckedSubmission,
    ReportedTable,
    Submission,
    check_submission,
    reported_periods,
    submission_id,
)
from planwatch.wire import SUBMISSION_ID, SUBMISSION_RECEIVED, submission_to_bytes
from services.catalogue import CatalogueCache
from services.clock import Clock
from services.database import Pool, wrap_errors
from services.errors import StoreUnavailable
from services.ingest import store
from services.ingest.formats import read_csv, read_json
from services.ingest.rate_limit import RateLimit
from services.metrics import ROWS, SUBMISSIONS
from services.outbox import OutgoingEvent, submission_event_id
from services.settings import Settings

logger = logging.getLogger(__name__)


NOT_ACCEPTED = Text(
    "系统暂时无法受理，本次报送未接收，请稍后重新报送",
    "not accepted: the system cannot take it now; please send it again later",
)


class Refused(Exception):
    """A request that is answered with an HTTP error and a reason in both languages."""

    def __init__(self, status: HTTPStatus, text: Text) -> None:
        super().__init__(text.en)
        self.status, self.text = status, text


class Gateway:
    """Takes submissions in. One instance serves many requests at once."""

    def __init__(self, pool: Pool, settings: Settings, clock: Clock) -> None:
        self._pool, self._clock = pool, clock
        self._catalogue = CatalogueCache()
        self._rate_limit = RateLimit(settings.submissions_per_minute)
        self._largest = settings.submission_bytes

    def application(self) -> web.Application:
        """The routes of the gateway."""
        app = web.Application(client_max_size=self._largest, middlewares=[_answer_errors])
        app.router.add_post("/v1/submissions", self.submit)
        app.router.add_get("/v1/submissions/{submission_id}", self.receipt)
        return app

    async def submit(self, request: web.Request) -> web.Response:
        """Accept one report: 202 with a receipt, 200 with the first receipt when repeated, 422 when no row is good."""
        sender = await self._sender(request)
        if not self._rate_limit.allows(sender.agency_id, self._clock()):
            raise Refused(
                HTTPStatus.TOO_MANY_REQUESTS,
                Text("报送过于频繁，请一分钟后再试", "too many submissions; try again in a minute"),
            )
        content = await request.read()
        table, plan_id, simulated = _read(request, content, sender.plan_id)
        async with self._pool.connection() as connection, connection.transaction():
            plan = (await self._catalogue.current(connection)).plans.get(plan_id)
            if plan is None or sender.agency_id not in {agency.agency_id for agency in plan.agencies}:
                raise Refused(
                    HTTPStatus.FORBIDDEN,
                    Text(f"本单位不能向规划“{plan_id}”报送", f"your agency may not report under plan “{plan_id}”"),
                )
            periods = reported_periods(table)
            submission = Submission(
                submission_id(sender.agency_id, plan_id, periods, content),
                sender.agency_id,
                plan_id,
                self._clock(),
                simulated,
                table,
            )
            checked = check_submission(submission, plan)
            is_new = await store.record_submission(
                connection,
                submission,
                checked,
                periods=periods,
                content_type=request.content_type,
                content=content,
                event=_event(submission, plan, checked),
            )
            receipt = await store.load_receipt(connection, submission.submission_id, sender.agency_id)
        assert receipt is not None
        return _answer(receipt, is_new=is_new)

    async def receipt(self, request: web.Request) -> web.Response:
        """The receipt of one of the sender's own submissions, and whether it is evaluated."""
        sender = await self._sender(request)
        wanted, receipt = request.match_info["submission_id"], None
        if SUBMISSION_ID.fullmatch(wanted):
            async with self._pool.connection() as connection:
                receipt = await store.load_receipt(connection, wanted, sender.agency_id)
        if receipt is None:
            raise Refused(HTTPStatus.NOT_FOUND, Text("没有这份报送", "there is no such submission"))
        return _json(_receipt_document(receipt, _outcome(receipt)), HTTPStatus.OK)

    async def _sender(self, request: web.Request) -> store.Sender:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and key:
            async with self._pool.connection() as connection:
                sender = await store.load_sender(connection, key.strip())
            if sender is not None:
                return sender
        raise Refused(
            HTTPStatus.UNAUTHORIZED,
            Text("报送密钥缺失或无效（Authorization: Bearer …）", "the API key is missing or not valid"),
        )


@web.middleware
async def _answer_errors(request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
    try:
        with wrap_errors():
            response: web.StreamResponse = await handler(request)
    except Refused as refused:
        return _refusal(refused.status, refused.text)
    except Invalid as error:
        return _refusal(HTTPStatus.BAD_REQUEST, error.text)
    except web.HTTPRequestEntityTooLarge:
        text = Text("报送文件过大，请分期分表报送", "the submission is too large; split it by period or table")
        return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
    except web.HTTPException:
        raise
    except StoreUnavailable:
        logger.exception("the ledger is unavailable")
        return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, NOT_ACCEPTED)
    except Exception:
        logger.exception("a submission could not be handled")
        return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, NOT_ACCEPTED)
    return response


def _read(request: web.Request, content: bytes, own_plan: str) -> tuple[ReportedTable, str, bool]:
    plan_id = request.query.get("plan", own_plan)
    simulated = request.query.get("simulated", "") == "true"
    match request.content_type:
        case "application/json":
            table, document = read_json(content)
            return table, str(document.get("plan_id", plan_id)), bool(document.get("simulated", simulated))
        case "text/csv":
            return read_csv(content), plan_id, simulated
        case other:
            raise Refused(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                Text(
                    f"不支持的格式“{other}”，应为 text/csv 或 application/json",
                    f"content type “{other}” is not supported; expected text/csv or application/json",
                ),
            )


def _event(submission: Submission, plan: Plan, checked: CheckedSubmission) -> OutgoingEvent | None:
    if not checked.accepted_rows:
        return None
    rows = [(row, cells) for row, cells in submission.table.rows if row in checked.rows]
    accepted = Submission(
        submission.submission_id,
        submission.agency_id,
        submission.plan_id,
        submission.received_at,
        submission.simulated,
        ReportedTable(submission.table.headings, rows),
    )
    (key,) = checked.areas if len(checked.areas) == 1 else (plan.ref_area,)
    return OutgoingEvent(
        submission_event_id(submission.submission_id), SUBMISSION_RECEIVED, key.encode(), submission_to_bytes(accepted)
    )


def _answer(receipt: store.Receipt, *, is_new: bool) -> web.Response:
    if not is_new:
        SUBMISSIONS.labels(outcome="repeated").inc()
        return _json(_receipt_document(receipt, "repeated"), HTTPStatus.OK)
    ROWS.labels(outcome="returned").inc(receipt.returned_rows)
    outcome = _outcome(receipt)
    SUBMISSIONS.labels(outcome=outcome).inc()
    status = HTTPStatus.ACCEPTED if outcome == "accepted" else HTTPStatus.UNPROCESSABLE_ENTITY
    return _json(_receipt_document(receipt, outcome), status)


def _outcome(receipt: store.Receipt) -> str:
    return "accepted" if receipt.accepted_rows else "refused"


def _receipt_document(receipt: store.Receipt, outcome: str) -> dict[str, Any]:
    returned = receipt.returned_rows
    return {
        "submission_id": receipt.submission_id,
        "outcome": outcome,
        "agency_id": receipt.agency_id,
        "plan_id": receipt.plan_id,
        "periods": receipt.periods,
        "received_at": receipt.received_at.isoformat(),
        "accepted_rows": receipt.accepted_rows,
        "returned_rows": returned,
        "summary": _summary(receipt.accepted_rows, returned, outcome).as_mapping(),
        "findings": [_finding_document(finding) for finding in receipt.findings],
        "evaluated_at": receipt.evaluated_at.isoformat() if receipt.evaluated_at else None,
    }


def _summary(accepted: int, returned: int, outcome: str) -> Text:
    if outcome == "repeated":
        return Text(
            "内容与此前报送完全相同，以首次回执为准，未产生新数据",
            "identical to an earlier submission; this is its first receipt, nothing was changed",
        )
    if not returned:
        return Text(f"接收 {accepted} 行，全部有效", f"{accepted} rows accepted, none returned")
    return Text(f"接收 {accepted} 行，退回 {returned} 行", f"{accepted} rows accepted, {returned} returned")


def _finding_document(finding: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "row": finding["row"],
        "field": finding["field"],
        "value": finding["value"],
        "code": finding["code"],
        "reason": {"zh": finding["zh"], "en": finding["en"]},
    }


def _refusal(status: HTTPStatus, text: Text) -> web.Response:
    SUBMISSIONS.labels(outcome="refused").inc()
    return _json({"outcome": "refused", "reason": text.as_mapping()}, status)


def _json(document: Mapping[str, Any], status: HTTPStatus) -> web.Response:
    return web.json_response(document, status=status, headers={"Cache-Control": "no-store"})
