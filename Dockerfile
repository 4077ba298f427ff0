# Milepost as an image: one command, `milepost`; docker-compose.yml names the parts. Build: docker build -t milepost .

# Everything the lock names comes as a wheel with its hash checked; nothing is compiled, so the slim image does for both stages.
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements.lock ./
RUN pip wheel --no-cache-dir --require-hashes --no-deps --only-binary :all: --requirement requirements.lock --wheel-dir /wheels
COPY . .
RUN pip wheel --no-cache-dir --no-index --find-links /wheels --no-deps --wheel-dir /wheels .
# Of all those wheels only what Milepost needs to run is installed; the tools of its developers stay behind.
RUN python -m venv --without-pip /opt/milepost \
    && pip --python /opt/milepost/bin/python install --no-cache-dir --no-index --find-links /wheels milepost

FROM python:3.12-slim
LABEL org.opencontainers.image.title="Milepost" \
      org.opencontainers.image.description="Event-sourced, streaming monitor of industrial project progress" \
      org.opencontainers.image.licenses="Apache-2.0"
# A number, so that Kubernetes can see that it is not root.
RUN groupadd --gid 10001 milepost \
    && useradd --uid 10001 --gid milepost --no-create-home --home-dir /tmp --shell /usr/sbin/nologin milepost \
    && install -d -o milepost -g milepost /data
COPY --from=build /opt/milepost /opt/milepost
# PYTHONDONTWRITEBYTECODE: the root file system may be read-only. HOME: nothing but /data and /tmp needs to be writable.
ENV PATH="/opt/milepost/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    MILEPOST_HOME=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 9494
# True for every part: settings are right, the log can be read, what is in the way is named. Compose asks more of the store.
HEALTHCHECK --interval=30s --timeout=20s --start-period=30s --retries=3 CMD ["milepost", "doctor"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["milepost"]
CMD ["up"]
