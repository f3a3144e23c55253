"""The stylesheet and the mark, under `/static`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from aiohttp import web

from services.web.access import open_to_anyone

FOLDER = Path(str(files("services.web") / "static"))
NAMES = frozenset({"planwatch.css", "mark.svg"})


def add_static_files(app: web.Application) -> None:
    """Serve the files of `services/web/static` to anyone."""
    app.router.add_get("/static/{name}", _static_file)


@open_to_anyone
async def _static_file(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    if name not in NAMES:
        raise web.HTTPNotFound
    return web.FileResponse(FOLDER / name)
