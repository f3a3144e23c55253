# One image for every service; the command picks which:
#   python -m services.ingest | services.evaluate | services.alerts | services.pages, or the command planwatch.
# Written without a container engine at hand: tests/unit/test_deployment_files.py checks it against the code.

FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/planwatch
WORKDIR /build
COPY requirements.lock ./
RUN /opt/planwatch/bin/pip install --require-hashes --requirement requirements.lock
COPY pyproject.toml ./
COPY planwatch planwatch
COPY services services
RUN /opt/planwatch/bin/pip install --no-deps --no-build-isolation .

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin planwatch
COPY --from=build /opt/planwatch /opt/planwatch
# The commands look for the folder `plans` where they are run.
WORKDIR /srv/planwatch
COPY plans plans
ENV PATH=/opt/planwatch/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# Pictures in mails: matplotlib keeps its list of fonts there, the user has no home.
ENV MPLCONFIGDIR=/tmp/matplotlib
USER planwatch
CMD ["planwatch", "--help"]
