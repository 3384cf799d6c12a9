# syntax=docker/dockerfile:1
# docker build --target app      what every process of littleflow_redis runs in
# docker build --target console  nginx with the console's pages, and the API behind it

# Our wheel and those of all it needs. The pages are built with the Node of a PyPI package, which
# the build fetches by itself.
FROM python:3.13-slim AS wheels
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/root/.cache \
    pip wheel --constraint constraints.txt --wheel-dir /wheels '.[s3]'

FROM python:3.13-slim AS app
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels 'littleflow_redis[s3]' \
    && useradd --system --uid 10001 --no-create-home littleflow
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /srv/app
CMD ["python", "-m", "littleflow_redis", "--help"]

FROM app AS pages
RUN python -c 'import shutil, littleflow_redis.console as c; shutil.copytree(c.__path__[0] + "/static", "/tmp/static")'

FROM nginxinc/nginx-unprivileged:1.29-alpine AS console
COPY --from=pages /tmp/static /usr/share/nginx/html
COPY console/nginx.conf /etc/nginx/nginx.conf
EXPOSE 8080
