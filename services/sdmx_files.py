"""The published SDMX structures as files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pysdmx.io import write_sdmx
from pysdmx.io.format import Format
from pysdmx.model import Organisation
from pysdmx.model.message import Header

from planwatch.concept import ConceptList
from planwatch.plan import Plan
from services.sdmx_structures import AGENCY, build_structures

FILES = {
    "planwatch_structures_2.1.xml": Format.STRUCTURE_SDMX_ML_2_1,
    "planwatch_structures_3.0.xml": Format.STRUCTURE_SDMX_ML_3_0,
    "planwatch_structures.json": Format.STRUCTURE_SDMX_JSON_2_0_0,
}


def write_structures(concepts: ConceptList, plans: Sequence[Plan], folder: Path, now: datetime) -> list[Path]:
    """Write the structures once in each format that registries read; files of that name are replaced.

    Returns:
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    structures = build_structures(concepts, plans)
    written = []
    for name, form in FILES.items():
        header = Header(id=f"{AGENCY}_STRUCTURES", prepared=now, sender=Organisation(id=AGENCY))
        write_sdmx(structures, form, str(folder / name), header=header)
        written.append(folder / name)
    return written
