"""The pages: load what is known, decide what is shown, render. Nothing here writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from planwatch.language import Text
from planwatch.plan import Plan
from planwatch.plan_review import review_plan
from services.database import Pool
from services.figures import load_figures
from services.pages import case_views, commitment_store, commitment_views, question_views, store, views
from services.pages.catcher import CaughtMail, MailFolder
from services.pages.forecast_store import load_forecasts
from services.pages.moment import parse_moment
from services.pages.rendering import MAIL_BODY_HEADERS, page
from services.pages.standings import Reported

Handler = Callable[[web.Request], Awaitable[web.Response]]


class NotShown(Exception):
    """There is nothing to show under this address; `reason` says what was looked for."""

    def __init__(self, status: HTTPStatus, reason: Text) -> None:
        super().__init__(reason.en)
        self.status, self.reason = status, reason


class Pages:
    """Every page, on one pool of the reading role.

    `folder` is the local mail catcher's, if there is one.
    """

    def __init__(self, pool: Pool, folder: MailFolder | None) -> None:
        self._pool, self._folder = pool, folder
        self._shelf = store.PlanShelf()

    def add_routes(self, app: web.Application) -> None:
        """Add the address of every page."""
        routes: dict[str, Handler] = {
            "/": self.overview,
            "/plans/{plan_id}": self.plan,
            "/plans/{plan_id}/commitments": self.commitments,
            "/plans/{plan_id}/questions": self.questions,
            "/submissions/{submission_id}": self.submission,
            "/warnings/{case_id}": self.case,
            "/mails": self.mails,
            "/mails/{mail_id}": self.mail,
            "/mails/{mail_id}/body": self.mail_body,
        }
        for address, handler in routes.items():
            app.router.add_get(address, handler)

    async def overview(self, request: web.Request) -> web.Response:
        """All plans with their counts, and the warnings that stand."""
        async with store.reading(self._pool) as connection:
            plans = await self._shelf.load(connection, None)
            cases = await store.load_open_cases(connection)
            headline = await store.load_headline_series(connection)
            keys = {*headline, *(case.series_key for case in cases)}
            figures = await load_figures(connection, sorted(keys))
        of_indicators = [figure for figure in figures if figure.series_key in set(headline)]
        summaries = [views.summarise(plan, views.indicator_rows(plan, of_indicators, cases), cases) for plan in plans]
        content = {"summaries": summaries, "cases": views.case_rows(cases, plans, figures)}
        return page(request, "overview", content)

    async def plan(self, request: web.Request) -> web.Response:
        """The indicators of one plan, as known now or at `as_of`."""
        plan_id, asked = _identity(request, "plan_id"), request.query.get("as_of", "").strip()
        try:
            as_of = parse_moment(asked) if asked else None
        except (ValueError, OverflowError) as error:
            reason = Text(
                f"时间“{asked}”无法识别，应为 2026-01-31 或 2026-01-31T08:00+08:00 的形式",
                f"the moment “{asked}” is not understood; expected 2026-01-31 or 2026-01-31T08:00+08:00",
            )
            raise NotShown(HTTPStatus.BAD_REQUEST, reason) from error
        async with store.reading(self._pool) as connection:
            plan = _find_plan(await self._shelf.load(connection, as_of), plan_id)
            if plan is None:
                raise _unknown("规划", "plan", plan_id)
            cases = await store.load_open_cases(connection, plan_id, as_of)
            headline = await store.load_headline_series(connection, plan_id)
            figures = await load_figures(connection, headline, as_of)
            forecasts = await load_forecasts(connection, headline, as_of)
        shown = set(headline)
        of_whole = [
            case
            for case in cases
            if case.series_key in shown or (not case.series_key and case.ref_area == plan.ref_area)
        ]
        rows = views.indicator_rows(plan, figures, of_whole, forecasts)
        content = {
            "plan": plan,
            "groups": views.group_by_domain(plan, rows),
            "summary": views.summarise(plan, rows, cases),
            "as_of": as_of,
            "asked": asked or None,
            "parts_of_plan": commitment_views.count_parts(plan),
        }
        return page(request, "plan", content)

    async def commitments(self, request: web.Request) -> web.Response:
        """What a plan promises beside its main table and how it stands; `section` and `domain` choose a part of it."""
        plan_id, section = _identity(request, "plan_id"), request.query.get("section") or None
        domain = request.query.get("domain") or None
        async with store.reading(self._pool) as connection:
            plan = _find_plan(await self._shelf.load(connection, None), plan_id)
            if plan is None:
                raise _unknown("规划", "plan", plan_id)
            keys = await commitment_store.load_commitment_series(connection, plan_id)
            reported = Reported(
                figures=await load_figures(connection, keys),
                cases=await store.load_open_cases(connection, plan_id),
                reports=await commitment_store.load_work_reports(connection, plan_id),
            )
        domains = commitment_views.domains_of_commitments(plan)
        if section not in {None, *commitment_views.Part}:
            raise _unknown("部分", "part", str(section))
        if domain not in {None, *(code for code, _ in domains)}:
            raise _unknown("领域", "domain", str(domain))
        content = {
            "plan": plan,
            "counts": commitment_views.count_parts(plan),
            "entries": commitment_views.commitment_entries(plan, reported, domain),
            "agencies": commitment_views.agency_rows(plan),
            "domains": domains,
            "section": section,
            "domain": domain,
        }
        return page(request, "commitments", content)

    async def questions(self, request: web.Request) -> web.Response:
        """What a careful reader would ask the author of a plan."""
        plan_id = _identity(request, "plan_id")
        async with store.reading(self._pool) as connection:
            plans = await self._shelf.load(connection, None)
        plan = _find_plan(plans, plan_id)
        if plan is None:
            raise _unknown("规划", "plan", plan_id)
        parent = _find_plan(plans, plan.parent_plan) if plan.parent_plan else None
        found = review_plan(plan, parent)
        content = {
            "plan": plan,
            "parent": parent,
            "groups": question_views.group_questions(found, plan, parent),
            "count": len(found),
            "counts": Counter(question.kind for question in found),
        }
        return page(request, "questions", content)

    async def submission(self, request: web.Request) -> web.Response:
        """The receipt of one submission."""
        submission_id = _identity(request, "submission_id")
        async with store.reading(self._pool) as connection:
            receipt = await store.load_receipt(connection, submission_id)
            if receipt is None:
                raise _unknown("报送", "submission", submission_id)
            plan = _find_plan(await self._shelf.load(connection, None), receipt.plan_id)
            changes = await store.load_changes(connection, submission_id)
        return page(request, "submission", {"view": case_views.receipt_page(receipt, plan, changes)})

    async def case(self, request: web.Request) -> web.Response:
        """One warning with its figures, its rule, its history and its mails."""
        case_id = _identity(request, "case_id")
        async with store.reading(self._pool) as connection:
            case = await store.load_case(connection, case_id)
            if case is None:
                raise _unknown("预警", "warning", case_id)
            plan = _find_plan(await self._shelf.load(connection, None), case.plan_id)
            figures = await load_figures(connection, [case.series_key])
            forecasts = await load_forecasts(connection, [case.series_key])
            history = await store.load_history(connection, case_id)
            indicator = plan.indicator(case.indicator_id) if plan else None
            subject = indicator.commitment_id if indicator else None
            reports = await commitment_store.load_work_reports(connection, case.plan_id, subject) if subject else []
        view = case_views.case_page(case, plan, figures, history, reports, forecasts)
        return page(request, "warning", {"view": view})

    async def mails(self, request: web.Request) -> web.Response:
        """The newest mails of the outbox."""
        async with store.reading(self._pool) as connection:
            mails = await store.load_mails(connection, store.MOST_MAILS + 1)
        content = {
            "mails": mails[: store.MOST_MAILS],
            "has_more": len(mails) > store.MOST_MAILS,
            "most": store.MOST_MAILS,
        }
        return page(request, "mails", content)

    async def mail(self, request: web.Request) -> web.Response:
        """One mail of the outbox, and what the local catcher received of it."""
        mail, caught = await self._mail(request)
        view = case_views.mail_page(mail, caught, has_catcher=self._folder is not None)
        return page(request, "mail", {"view": view})

    async def mail_body(self, request: web.Request) -> web.Response:
        """The html part of a received mail, alone and under a policy of its own."""
        mail, caught = await self._mail(request)
        if caught is None or not caught.html:
            raise _unknown("收到的邮件", "received mail", mail.mail_id)
        return web.Response(text=caught.html, content_type="text/html", charset="utf-8", headers=MAIL_BODY_HEADERS)

    async def _mail(self, request: web.Request) -> tuple[store.Mail, CaughtMail | None]:
        mail_id = _identity(request, "mail_id")
        async with store.reading(self._pool) as connection:
            mail = await store.load_mail(connection, mail_id)
        if mail is None:
            raise _unknown("邮件", "mail", mail_id)
        return mail, await self._folder.find(mail.message_id) if self._folder else None


def _identity(request: web.Request, name: str) -> str:
    value = request.match_info[name]
    if "\x00" in value:
        raise _unknown("地址", "address", value.replace("\x00", "␀"))
    return value


def _find_plan(plans: list[Plan], plan_id: str) -> Plan | None:
    return next((plan for plan in plans if plan.plan_id == plan_id), None)


def _unknown(zh: str, en: str, identity: str) -> NotShown:
    return NotShown(HTTPStatus.NOT_FOUND, Text(f"没有这个{zh}：{identity}", f"there is no such {en}: {identity}"))
