"""Files as offices save them: any usual encoding, separator and heading."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.errors import Invalid, InvalidSubmission
from planwatch.reported_cell import SURPLUS
from planwatch.wire import MOST_ROWS
from services.ingest.formats import HEADINGS, decode, read_csv, read_json

CHINESE = "指标,年份,数值\n九年义务教育巩固率(%),2021,97.81\n"
ROW = {"indicator": "九年义务教育巩固率(%)", "time_period": "2021", "obs_value": "97.81"}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(CHINESE.encode(), id="UTF-8"),
        pytest.param(CHINESE.encode("utf-8-sig"), id="UTF-8 with a mark"),
        pytest.param(CHINESE.encode("gb18030"), id="GB 18030, as Chinese Excel saves it"),
        pytest.param(CHINESE.replace("\n", "\r\n").encode("gb18030"), id="Windows line ends"),
        pytest.param(CHINESE.replace("\n", "\r").encode(), id="old line ends"),
        pytest.param(CHINESE.replace(",", ";").encode(), id="semicolons"),
        pytest.param(CHINESE.replace(",", "\t").encode("gb18030"), id="tabs"),
        pytest.param(CHINESE.replace(",", "，").encode(), id="full-width commas"),
        pytest.param(CHINESE.strip().encode(), id="no line end at the end"),
        pytest.param(CHINESE.replace(",", " , ").replace(" , 2021 , ", ",2021,").encode(), id="spaced headings"),
        pytest.param('"指标","年份","数值"\n"九年义务教育巩固率(%)","2021","97.81"\n'.encode(), id="quoted"),
    ],
)
def test_a_csv_file_is_read_however_it_was_saved(content: bytes) -> None:
    assert read_csv(content).rows == [(2, ROW)]


@pytest.mark.parametrize(
    ("field", "heading"), [(field, heading) for field, headings in HEADINGS.items() for heading in headings]
)
def test_every_heading_names_its_field_in_any_case(field: str, heading: str) -> None:
    required = {"indicator": "INDICATOR", "time_period": "TIME_PERIOD", "obs_value": "OBS_VALUE"}
    headings = {**required, field: heading.lower()}

    table = read_csv(f"{','.join(headings.values())}\n1,2021,7,x\n".encode())

    assert table.headings == headings


def test_the_headings_of_the_sender_are_kept_for_the_findings() -> None:
    assert read_csv(CHINESE.encode()).headings == {"indicator": "指标", "time_period": "年份", "obs_value": "数值"}


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    # given an empty row, a cell of two lines, and a row of separators
    content = '指标,年份,数值,备注\n1,2021,7,\n\n2,2021,8,"两\n行"\n,,,\n3,2021,9,\n'.encode()

    # when
    table = read_csv(content)

    # then
    assert [(number, cells["indicator"]) for number, cells in table.rows] == [(2, "1"), (4, "2"), (6, "3")]


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_a_sign_that_only_looks_like_a_line_end_does_not_split_a_row(sign: str) -> None:
    table = read_csv(f"指标,年份,数值,备注\n1,2021,7,前{sign}后\n2,2021,8,\n".encode())

    assert [(number, cells["indicator"]) for number, cells in table.rows] == [(2, "1"), (3, "2")]


def test_columns_without_a_known_heading_are_left_out() -> None:
    assert read_csv("序号,备注,年份,数值\n5,略,2021,97.81\n".encode()).rows == [
        (2, {"indicator": "5", "time_period": "2021", "obs_value": "97.81"})
    ]


def test_a_short_row_has_no_cells_at_its_end() -> None:
    assert read_csv("指标,年份,数值,状态\n5,2021,97.81\n".encode()).rows == [
        (2, {"indicator": "5", "time_period": "2021", "obs_value": "97.81"})
    ]


def test_cells_beyond_the_headings_are_kept_as_surplus_for_a_finding() -> None:
    (_, cells), *_ = read_csv("指标,年份,数值\n8,2021,1,234\n".encode()).rows

    assert cells[SURPLUS] == "234"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "表头缺少", id="empty"),
        pytest.param("名称,年份,数值\n1,2021,7\n".encode(), "指标", id="no indicator column"),
        pytest.param("指标,数值\n1,7\n".encode(), "TIME_PERIOD", id="no period column"),
        pytest.param("指标,年份,数值\n".encode(), "没有数据行", id="headings only"),
        pytest.param("指标,年份,数值\n\n,,\n".encode(), "没有数据行", id="empty rows only"),
        pytest.param("指标,序号,年份,数值\n1,1,2021,7\n".encode(), "表头含义重复", id="two columns of one meaning"),
        pytest.param(CHINESE.encode("utf-16"), "编码", id="UTF-16"),
        pytest.param(b"PK\x03\x04\x00\x00\xff\xfe", "编码", id="a workbook renamed"),
        pytest.param('指标,年份,数值\n1,2021,"7\n'.encode(), "CSV 格式有误", id="an open quote"),
        pytest.param("指标,年份,数值\n".encode() + b"1,2021,7\n" * (MOST_ROWS + 1), "超过", id="too many rows"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole_with_the_reason(content: bytes, words: str) -> None:
    with pytest.raises(InvalidSubmission) as refusal:
        read_csv(content)

    assert words in refusal.value.text.zh
    assert refusal.value.text.en


@given(
    st.binary(max_size=300)
    | st.text(max_size=100).map(lambda text: f"指标,年份,数值\n{text}".encode("utf-8", "replace"))
)
def test_any_bytes_are_a_table_or_invalid(content: bytes) -> None:
    try:
        table = read_csv(content)
    except Invalid:
        return
    assert table.rows


@given(st.text(st.characters(codec="gb18030", exclude_characters="\x00"), max_size=30))
def test_text_of_either_encoding_is_decoded_whole(text: str) -> None:
    assert decode(text.encode("utf-8-sig")) == text


def test_json_rows_may_use_the_headings_of_the_csv_and_decimals_keep_their_digits() -> None:
    table, document = read_json(
        '{"plan_id": "zhongwei", "observations": [{"指标": 5, "年份": "2021", "数值": 97.810}]}'.encode()
    )

    assert table.rows == [(1, {"indicator": "5", "time_period": "2021", "obs_value": "97.810"})]
    assert document["plan_id"] == "zhongwei"


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"observations": []}', b'{"observations": [1]}'])
def test_json_without_observations_is_invalid(content: bytes) -> None:
    with pytest.raises(InvalidSubmission):
        read_json(content)
