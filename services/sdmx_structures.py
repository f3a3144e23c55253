"""The structures under which Planwatch's figures can be published: SDMX code lists, data structure, dataflow.

pysdmx holds one language per name and writes it as English; names here are Chinese and English joined by a slash.
Concept codes of the catalogue become code ids in upper case. Code lists of the SDMX initiative keep their own names
and are marked as partial where only some of their codes are in use.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pysdmx.model import (
    Agency,
    AgencyScheme,
    Annotation,
    Code,
    Codelist,
    Component,
    Components,
    Concept,
    ConceptScheme,
    Dataflow,
    DataStructureDefinition,
    DataType,
    Facets,
    ItemReference,
    Role,
)
from pysdmx.model.dataflow import Group

from planwatch.concept import Concept as PlanConcept
from planwatch.concept import ConceptList, users_of_concepts
from planwatch.language import Text
from planwatch.period import Freq
from planwatch.plan import Nature, Plan
from planwatch.series import TOTAL, Accumulation, ObsStatus
from planwatch.wording import NATURE_NAMES

Structure = AgencyScheme | Codelist | ConceptScheme | DataStructureDefinition | Dataflow

AGENCY = "PLANWATCH"
STRUCTURE = "PSP"
"""Id of data structure and dataflow: public-service plans."""

SIBLING = ("REF_AREA", "INDICATOR", "URBANISATION", "POP_GROUP")
"""What series of the same thing at different frequencies have in common."""

FREQ_NAMES = {
    Freq.ANNUAL: "Annual",
    Freq.HALF_YEARLY: "Half-yearly, semester",
    Freq.QUARTERLY: "Quarterly",
    Freq.MONTHLY: "Monthly",
    Freq.DAILY: "Daily",
}
"""Of SDMX:CL_FREQ(2.1)."""

OBS_STATUS_NAMES = {
    ObsStatus.NORMAL: "Normal value",
    ObsStatus.BREAK: "Time series break",
    ObsStatus.DEFINITION_DIFFERS: "Definition differs",
    ObsStatus.ESTIMATED: "Estimated value",
    ObsStatus.FORECAST: "Forecast value",
    ObsStatus.EXPERIMENTAL: "Experimental value",
    ObsStatus.HOLIDAY: "Missing value; holiday or weekend",
    ObsStatus.IMPUTED: "Value imputed by a receiving agency",
    ObsStatus.DEROGATION: "Derogation",
    ObsStatus.IN_ANOTHER_CATEGORY: "Data included in another category",
    ObsStatus.NOT_COLLECTED: "Missing value; data exist but were not collected",
    ObsStatus.CANNOT_EXIST: "Missing value; data cannot exist",
    ObsStatus.NOT_SIGNIFICANT: "Not significant",
    ObsStatus.MISSING: "Missing value",
    ObsStatus.PROVISIONAL: "Provisional value",
    ObsStatus.SUPPRESSED: "Missing value; suppressed",
    ObsStatus.SPECIAL_EVENT: "Strike and other special events",
    ObsStatus.LOW_RELIABILITY: "Low reliability",
    ObsStatus.UNVALIDATED: "Unvalidated value",
    ObsStatus.INCLUDES_ANOTHER_CATEGORY: "Includes data from another category",
}
"""Of SDMX:CL_OBS_STATUS(2.2)."""

UNIT_MULT_NAMES = {0: "Units", 4: "Tens of thousands", 8: "Hundreds of millions"}
"""Of SDMX:CL_UNIT_MULT(1.1), the magnitudes that Chinese figures come in."""

URBANISATION_NAMES = {TOTAL: Text("合计", "total"), "U": Text("城镇", "urban"), "R": Text("乡村", "rural")}

ACCUMULATION_NAMES = {
    Accumulation.FLOW: Text("当期", "flow of the period"),
    Accumulation.YEAR_TO_DATE: Text("本年累计", "year to date"),
    Accumulation.SINCE_PLAN_START: Text("规划期累计", "total since the plan began"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A component of the data structure.

    Attributes:
        attachment: of an attribute: `O` for the observation, else the dimensions, joined by commas.
    """

    component_id: str
    name: Text
    role: Role
    required: bool = True
    codes: Codelist | None = None
    data_type: DataType | None = None
    pattern: str | None = None
    attachment: str | None = None


def build_structures(concepts: ConceptList, plans: Sequence[Plan]) -> list[Structure]:
    """Everything that a registry needs to take in figures of these plans, in an order that refers backwards only.

    Returns:
        Agency scheme, code lists, concept scheme, data structure definition, dataflow; those of Planwatch carry the
        version of the concept list.
    Source: SDMX 3.0, information model; component names as in docs/glossary.md.
    """
    version = concepts.version
    fields = _fields(concepts, plans)
    lists = {field.codes.id: field.codes for field in fields if field.codes is not None}
    scheme = ConceptScheme(
        id="CS_PSP",
        name=_named(Text("公共服务规划数据概念", "Concepts of public-service plan data")),
        agency=AGENCY,
        version=version,
        is_final=True,
        items=tuple(Concept(id=field.component_id, name=_named(field.name)) for field in fields),
    )
    structure = DataStructureDefinition(
        id=STRUCTURE,
        name=_named(Text("公共服务规划监测数据结构", "Data structure of public-service plan monitoring")),
        agency=AGENCY,
        version=version,
        is_final=True,
        components=Components([_component(field, version) for field in fields]),
        groups=[Group(id="SIBLING", dimensions=SIBLING)],
    )
    flow = Dataflow(
        id=STRUCTURE,
        name=_named(Text("公共服务规划监测数据", "Public-service plan monitoring")),
        agency=AGENCY,
        version=version,
        is_final=True,
        structure=structure,
    )
    maintainer = Agency(id=AGENCY, name=_named(Text("规划监测", "Planwatch")))
    agencies = AgencyScheme(id="AGENCIES", name="AGENCIES", agency="SDMX", items=(maintainer,))
    return [agencies, *lists.values(), scheme, structure, flow]


def code_id(concept: str) -> str:
    """The SDMX code of a concept of the catalogue, e.g. `NURSES_PER_1000`."""
    return concept.upper()


def _fields(concepts: ConceptList, plans: Sequence[Plan]) -> list[Field]:
    version = concepts.version
    dimensions = [
        Field("FREQ", Text("频率", "Frequency"), Role.DIMENSION, codes=_frequencies()),
        Field("REF_AREA", Text("地区", "Reference area"), Role.DIMENSION, codes=_areas(plans, version)),
        Field("INDICATOR", Text("指标", "Indicator"), Role.DIMENSION, codes=_indicators(concepts, plans)),
        Field(
            "URBANISATION",
            Text("城乡", "Urbanisation"),
            Role.DIMENSION,
            codes=_own("CL_URBANISATION", Text("城乡", "Urbanisation"), URBANISATION_NAMES.items(), version),
        ),
        Field(
            "POP_GROUP",
            Text("人群", "Population group"),
            Role.DIMENSION,
            data_type=DataType.STRING,
            pattern="[A-Za-z0-9_]+",
        ),
    ]
    series = ",".join(field.component_id for field in dimensions)
    return [
        *dimensions,
        Field("TIME_PERIOD", Text("时期", "Time period"), Role.DIMENSION, data_type=DataType.PERIOD),
        Field(
            "OBS_VALUE", Text("观测值", "Observation value"), Role.MEASURE, required=False, data_type=DataType.DECIMAL
        ),
        *_attributes(concepts, series),
    ]


def _attributes(concepts: ConceptList, series: str) -> list[Field]:
    """What is said of observations and of series.

    Args:
        series: the dimensions that identify a series, joined by commas.
    """
    version = concepts.version
    measures = [(measure.code, measure.name) for measure in concepts.unit_measures]
    accumulations = [(code.upper(), name) for code, name in ACCUMULATION_NAMES.items()]
    natures = [(nature.upper(), NATURE_NAMES[nature]) for nature in Nature]
    units, forms, kinds = Text("计量单位", "Unit of measure"), Text("口径", "Accumulation"), Text("指标性质", "Nature")
    return [
        Field("OBS_STATUS", Text("数据状态", "Observation status"), Role.ATTRIBUTE, codes=_statuses(), attachment="O"),
        Field(
            "ACCUMULATION",
            forms,
            Role.ATTRIBUTE,
            required=False,
            codes=_own("CL_ACCUMULATION", forms, accumulations, version),
            attachment="O",
        ),
        Field(
            "UNIT_MEASURE",
            units,
            Role.ATTRIBUTE,
            codes=_own("CL_PSP_UNIT_MEASURE", units, measures, version),
            attachment=series,
        ),
        Field(
            "UNIT_MULT",
            Text("单位乘数", "Unit multiplier"),
            Role.ATTRIBUTE,
            codes=_multipliers(),
            attachment=series,
        ),
        Field(
            "NATURE",
            kinds,
            Role.ATTRIBUTE,
            required=False,
            codes=_own("CL_NATURE", kinds, natures, version),
            attachment=",".join(SIBLING),
        ),
        Field(
            "PLAN_INDICATOR",
            Text("规划指标编号", "Indicator of the plan"),
            Role.ATTRIBUTE,
            required=False,
            data_type=DataType.STRING,
            attachment=",".join(SIBLING),
        ),
    ]


def _component(field: Field, version: str) -> Component:
    return Component(
        id=field.component_id,
        required=field.required,
        role=field.role,
        concept=ItemReference("Concept", AGENCY, "CS_PSP", version, field.component_id),
        local_codes=field.codes,
        local_enum_ref=f"urn:sdmx:org.sdmx.infomodel.codelist.{field.codes.short_urn}" if field.codes else None,
        local_dtype=field.data_type,
        local_facets=Facets(pattern=field.pattern) if field.pattern else None,
        attachment_level=field.attachment,
    )


def _indicators(concepts: ConceptList, plans: Sequence[Plan]) -> Codelist:
    users = users_of_concepts(plans)
    return Codelist(
        id="CL_PSP_INDICATOR",
        name=_named(Text("公共服务规划指标概念", "Indicator concepts of public-service plans")),
        agency=AGENCY,
        version=concepts.version,
        is_final=True,
        items=tuple(_indicator(concepts, concept, users.get(concept.code, ())) for concept in concepts.concepts),
    )


def _indicator(concepts: ConceptList, concept: PlanConcept, users: Sequence[str]) -> Code:
    annotations = (
        Annotation(id="UNIT_MEASURE", type="UNIT_MEASURE", text=concept.unit.measure),
        Annotation(id="UNIT_MULT", type="UNIT_MULT", text=str(concept.unit.mult)),
        Annotation(id="DOMAIN", type="DOMAIN", text=concept.domain),
        Annotation(id="PLANS", type="PLANS", text=" ".join(users)),
        *(
            Annotation(id=code_id(neighbour.code), type="RELATED", text=_named(difference))
            for neighbour, difference in concepts.neighbours(concept)
        ),
        *(
            Annotation(id=f"{note.plan_id}-{note.source_line}", type="DEFINITION_DIFFERS", text=_named(note.text))
            for note in concept.notes
        ),
    )
    return Code(
        id=code_id(concept.code),
        name=_named(concept.name),
        description=_named(concept.definition),
        annotations=annotations,
    )


def _areas(plans: Sequence[Plan], version: str) -> Codelist:
    names = {plan.ref_area: plan.area_name for plan in plans}
    return _own("CL_PSP_AREA", Text("规划地区", "Areas that have a plan"), names.items(), version)


def _frequencies() -> Codelist:
    return _of_sdmx("CL_FREQ", "Frequency", "2.1", FREQ_NAMES.items(), partial=True)


def _statuses() -> Codelist:
    return _of_sdmx("CL_OBS_STATUS", "Observation status", "2.2", OBS_STATUS_NAMES.items(), partial=False)


def _multipliers() -> Codelist:
    names = [(str(mult), name) for mult, name in UNIT_MULT_NAMES.items()]
    return _of_sdmx("CL_UNIT_MULT", "Unit multiplier", "1.1", names, partial=True)


def _own(list_id: str, name: Text, codes: Iterable[tuple[str, Text]], version: str) -> Codelist:
    items = tuple(Code(id=str(code), name=_named(words)) for code, words in codes)
    return Codelist(id=list_id, name=_named(name), agency=AGENCY, version=version, is_final=True, items=items)


def _of_sdmx(list_id: str, name: str, version: str, codes: Iterable[tuple[str, str]], *, partial: bool) -> Codelist:
    items = tuple(Code(id=str(code), name=words) for code, words in codes)
    return Codelist(id=list_id, name=name, agency="SDMX", version=version, items=items, is_partial=partial)


def _named(text: Text) -> str:
    return f"{text.zh} / {text.en}"
