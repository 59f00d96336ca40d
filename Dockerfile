# One image for every role: serve, worker, migrate, lab. Nothing in it is fetched at run time.

FROM node:24-bookworm-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM python:3.13-slim-bookworm AS packages
RUN python -m venv /opt/tejun/.venv
COPY docs/deploy/requirements.lock /opt/tejun/
RUN /opt/tejun/.venv/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement /opt/tejun/requirements.lock
WORKDIR /opt/tejun
COPY pyproject.toml ./
COPY app ./app
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable .

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/tejun --shell /usr/sbin/nologin tejun
WORKDIR /opt/tejun
COPY --from=packages /opt/tejun /opt/tejun
COPY migrations ./migrations
COPY templates ./templates
COPY static ./static
COPY --from=assets /build/node_modules/htmx.org/dist/htmx.min.js ./static/vendor/htmx.min.js
ENV PATH=/opt/tejun/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TEJUN_HOME=/var/lib/tejun
USER tejun
VOLUME /var/lib/tejun
EXPOSE 8000
ENTRYPOINT ["tejun"]
CMD ["serve", "--host", "0.0.0.0"]
