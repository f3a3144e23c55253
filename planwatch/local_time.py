"""The local time of the areas that plans are made for."""

from __future__ import annotations

from zoneinfo import ZoneInfo

LOCAL_TIME = ZoneInfo("Asia/Shanghai")
