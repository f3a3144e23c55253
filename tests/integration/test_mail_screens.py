"""How every kind of mail looks in a browser: wide and narrow, light and dark, with the real figures of Zhongwei."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from deploy.real.browser import chromium_dom
from deploy.real.servers import missing_parts
from planwatch.case.events import ClosingRequested
from planwatch.early_warning import DecisionKind
from planwatch.language import Text
from planwatch.notification import MailKind
from planwatch.printed_report import printed_reports
from planwatch.printing import Language
from services.alerts.message import build_message
from services.alerts.render import render_closure, render_digest, render_warning
from services.ingest.formats import read_json
from tests.builders import figure, real_plan
from tests.fakes import FakeClock
from tests.pipeline import Pipeline
from tests.unit.test_mail_rendering import TRAINING

MISSING = [part for part in missing_parts() if part == "chromium"]
pytestmark = [
    pytest.mark.real,
    pytest.mark.embedded,
    pytest.mark.skipif(bool(MISSING), reason="Chromium is not installed, see deploy/real/README.md"),
]

LEAD = "zhongwei-development-reform"
MONDAY = datetime(2022, 3, 7, 2, tzinfo=UTC)
NARROW, WIDE = 375, 900
READABLE = 4.5  # contrast of WCAG 2.2, level AA

PAGE = """<!doctype html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head>
<body style="margin:0">%s<script>
const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
const channels = text => { const found = text.match(/[0-9.]+/g).map(Number); return [...found, 1].slice(0, 4); };
const light = colour => { const [r, g, b] = colour.slice(0, 3).map(
  c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4); return 0.2126*r + 0.7152*g + 0.0722*b; };
const ground = element => { for (let at = element; at; at = at.parentElement) {
  const colour = channels(getComputedStyle(at).backgroundColor); if (colour[3] > 0) return colour; } return canvas; };
const contrast = element => { const pair = [light(channels(getComputedStyle(element).color)), light(ground(element))];
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05); };
addEventListener("load", () => {
  const measured = [...document.querySelectorAll("iframe")].map(frame => { const page = frame.contentDocument;
    const written = [...page.body.querySelectorAll("*")].filter(element => element.getClientRects().length
      && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
    return { kind: frame.title, width: frame.clientWidth, content: page.documentElement.scrollWidth,
      pictures: [...page.images].map(image => [image.complete && image.naturalWidth, image.clientWidth]),
      contrasts: written.map(element => [contrast(element), element.textContent.trim().slice(0, 20)]),
      smallest: Math.min(...written.map(element => parseFloat(getComputedStyle(element).fontSize))) }; });
  document.body.innerHTML = "<pre id=measured></pre>"; document.body.firstChild.textContent = JSON.stringify(measured);
});</script></body></html>"""


@pytest.fixture(scope="module")
def mails(shared_database_url: str) -> Iterator[dict[str, EmailMessage]]:
    """One mail of every kind."""
    with Pipeline(shared_database_url, FakeClock(MONDAY)) as pipeline:
        pipeline.execute("UPDATE agencies SET email = agency_id || '@example.org'")
        asyncio.run(tell_everything(pipeline))
        kinds = [kind for kind, _ in pipeline.outbox()]
        yield dict(zip(kinds, pipeline.mails(), strict=True))


async def tell_everything(pipeline: Pipeline) -> None:
    """A red warning of the printed figures through all that can come of it; yellow ones in the digests; a group."""
    plan = real_plan("zhongwei")
    first, second = [read_json(report.content)[0] for report in printed_reports(plan)]
    await pipeline.submit_table(first, submission_id="a", agency_id=LEAD, plan_id="zhongwei")
    await pipeline.submit_table(second, submission_id="b", agency_id=LEAD, plan_id="zhongwei")
    pipeline.clock.advance(minutes=5)
    await pipeline.close_digests()
    pipeline.clock.advance(days=2)
    await pipeline.make_rounds()
    pipeline.clock.advance(days=2)
    await pipeline.make_rounds()
    await pipeline.happen("zhongwei-05", ClosingRequested("王主任", "已整改"))
    await pipeline.submit(figure(5, "2021", "99.7"), submission_id="c")
    pipeline.execute("UPDATE policies SET document = jsonb_set(document, '{mail,most_at_once}', '1')")
    pipeline.execute("UPDATE policies SET applied_at = applied_at + interval '1 second'")
    await pipeline.submit(
        figure(5, "2021", "97.2", ref_area="640502"), figure(5, "2021", "97.4", ref_area="640521"), submission_id="d"
    )
    pipeline.clock.advance(days=3)
    await pipeline.close_summaries()


def shown(mail: EmailMessage) -> str:
    """The html of a mail as a client shows it: the picture in the place of its Content-ID."""
    body = mail.get_body(("html",))
    assert body is not None
    pictures = {
        part["Content-ID"][1:-1]: base64.b64encode(part.get_content()).decode()
        for part in mail.walk()
        if part["Content-ID"]
    }
    return re.sub(
        r'src="cid:([^"]+)"', lambda found: f'src="data:image/png;base64,{pictures[found[1]]}"', body.get_content()
    )


def measure(mails: dict[str, EmailMessage], folder: Path, width: int, *, is_dark: bool) -> dict[str, Any]:
    """What a browser measures of each mail in a frame of this width, by kind."""
    frames = [
        f'<iframe title="{kind}" width="{width}" height="900" style="border:0" srcdoc="{html.escape(shown(mail))}">'
        "</iframe>"
        for kind, mail in mails.items()
    ]
    page = folder / "mails.html"
    page.write_text(PAGE % "".join(frames), encoding="utf-8")
    dom = chromium_dom(page.as_uri(), is_dark=is_dark)
    found = re.search(r'<pre id="measured">(.*?)</pre>', dom, re.DOTALL)
    assert found is not None
    return {entry["kind"]: entry for entry in json.loads(html.unescape(found.group(1)))}


def test_there_is_a_mail_of_every_kind_but_the_alarm_of_the_operator(
    mails: dict[str, EmailMessage],
) -> None:
    assert set(mails) == set(MailKind) - {MailKind.ALARM}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_long_names_units_and_totals_fit_on_a_phone_in_both_languages(tmp_path: Path, language: Language) -> None:
    # given a case with a forecast, whose words and numbers are as long as they get
    notice = replace(
        TRAINING,
        indicator_name=Text(TRAINING.indicator_name.zh * 3, "SubventionedVocationalSkillsTrainingOfAllKinds " * 3),
        measured=Decimal("1234567.891"),
        value=Decimal("1234567.891"),
        expected=Decimal("98765432.1234567"),
        target=replace(TRAINING.target, value=Decimal("987654321.12")),
        gap=Decimal("-97530864.2324"),
        forecast=(4321567.25, 1234567.125, 7654321.5),
        probability=0.004,
        submission_url="http://pages.test/submissions/" + "5f" * 16,
        simulated=True,
    )
    fields: dict[str, Any] = {
        "sender": "planwatch@example.test",
        "recipient": "office@example.test",
        "date": MONDAY,
    }
    awkward = {
        "warning": render_warning(notice, language),
        "closure": render_closure(replace(notice, kind=DecisionKind.CLOSE), language),
        "digest": render_digest(
            notice.agency, [notice] * 32, MONDAY.date(), language, unsubscribe_url="http://a.test/u"
        ),
    }
    mails = {
        kind: message_from_bytes(build_message(mail, message_id=f"<{kind}@planwatch.test>", **fields), policy=SMTP)
        for kind, mail in awkward.items()
    }

    measured = measure(mails, tmp_path, NARROW, is_dark=False)

    assert {kind: entry["content"] for kind, entry in measured.items()} == dict.fromkeys(awkward, NARROW)


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_every_mail_fits_shows_its_picture_and_can_be_read(
    mails: dict[str, EmailMessage], tmp_path: Path, width: int, is_dark: bool
) -> None:
    measured = measure(mails, tmp_path, width, is_dark=is_dark)

    # then nothing has to be scrolled sideways
    assert {kind: entry["width"] for kind, entry in measured.items()} == dict.fromkeys(mails, width)
    assert [kind for kind, entry in measured.items() if entry["content"] > entry["width"]] == []

    # and the mails on a case with figures show their picture, twice as sharp as it is wide
    pictures = {kind: entry["pictures"] for kind, entry in measured.items() if entry["pictures"]}
    assert set(pictures) == {"warning", "reminder", "escalation", "request", "closure"}
    assert {natural for ((natural, _),) in pictures.values()} == {1200}
    assert max(client for ((_, client),) in pictures.values()) <= min(width, 640)

    # and every word stands out from its ground and is large enough
    faint = [(kind, pair) for kind, entry in measured.items() for pair in entry["contrasts"] if pair[0] < READABLE]
    assert faint == []
    assert min(entry["smallest"] for entry in measured.values()) >= 12
