"""均等化: how unequal a figure is between areas, urban and rural, or groups, and whether the gap widens.

The measures are those of the World Health Organization's health inequality monitoring; source: A. Schlotheuber and
A. R. Hosseinpoor, Summary measures of health inequality, Int J Environ Res Public Health 19 (2022) 3697. Standard
errors: J. Ahn et al., JCO Clin Cancer Inform 2 (2018). docs/equalisation.md has the formulas.
"""

from planwatch.equalisation.change import GapChange, GapDecision, PeriodGap, gap_widened, stands_out
from planwatch.equalisation.group import Comparison, Group
from planwatch.equalisation.measure import Measure, MeasureCode
from planwatch.equalisation.summary import measure_gaps

__all__ = [
    "Comparison",
    "GapChange",
    "GapDecision",
    "Group",
    "Measure",
    "MeasureCode",
    "PeriodGap",
    "gap_widened",
    "measure_gaps",
    "stands_out",
]
