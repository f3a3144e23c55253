"""Takes the file of a case out of the database, for those who may read it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from psycopg import AsyncConnection

from planwatch.case.permissions import Action
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from services.accounts.account import Account
from services.alerts import case_store
from services.alerts.desk import store
from services.alerts.desk.decisions import refusal_for
from services.alerts.desk.views import CaseFile
from services.catalogue import CatalogueCache
from services.clock import Clock
from services.figures import load_figures
from services.web.refusal import Refused

NO_CASE = Text("没有这一预警", "there is no such case")


class CaseFiles:
    """Reads within the caller's transaction; the catalogue is kept between readings."""

    def __init__(self, catalogue: CatalogueCache, clock: Clock) -> None:
        self._catalogue, self._clock = catalogue, clock

    async def take(self, connection: AsyncConnection[Any], account: Account, case_id: str) -> CaseFile:
        """The file of a case.

        Raises:
            Refused: there is no such case, or the account may not read it.
        """
        stored = (await case_store.load_cases(connection, [case_id])).get(case_id)
        if stored is None:
            raise Refused(HTTPStatus.NOT_FOUND, NO_CASE)
        case = stored.case
        forbidden = refusal_for(account, case, Action.READ)
        if forbidden:
            raise Refused(HTTPStatus.FORBIDDEN, forbidden)
        plans = (await self._catalogue.current(connection)).plans
        plan, indicator = await case_store.load_subject(connection, plans, case)
        figures = await load_figures(connection, [stored.series_key]) if stored.series_key else []
        return CaseFile(
            case=case,
            plan=plan,
            indicator=indicator,
            figures=tuple(figures),
            entries=tuple(await store.load_entries(connection, case_id)),
            mails=tuple(await store.load_mails(connection, case_id)),
            attachments=tuple(await store.load_attachments(connection, case_id)),
            names=await store.load_agency_names(connection),
            simulated=await store.is_simulated(connection, case.submission_id)
            or any(figure.simulated for figure in figures),
            today=self._clock().astimezone(LOCAL_TIME).date(),
        )
