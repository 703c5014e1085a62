# The service in a small image: docker build -t sms-diary . && docker run -v diary:/data sms-diary
FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /opt/build && python -m venv --without-pip /opt/sms-diary
COPY requirements-build.txt requirements.txt ./
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.txt
RUN /opt/build/bin/pip --python /opt/sms-diary/bin/python install --no-cache-dir \
    --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml README.md LICENSE NOTICE schema.sql ./
COPY sms_diary sms_diary
COPY templates templates
COPY providers providers
RUN /opt/build/bin/hatchling build -t wheel -d /wheel \
    && /opt/build/bin/pip --python /opt/sms-diary/bin/python install --no-deps --no-index /wheel/*.whl

FROM python:3.11-slim
# Database, key and settings live in the volume: without it they die with the container.
RUN useradd --system --uid 10001 --user-group --no-create-home diary \
    && mkdir /data && chown 10001:10001 /data && chmod 700 /data
COPY --from=build /opt/sms-diary /opt/sms-diary
# The container is the boundary here: inside it the service must be reachable from the outside.
ENV PATH=/opt/sms-diary/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    SMS_DIARY_WEB__HOST=0.0.0.0
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["sms-diary", "health"]
ENTRYPOINT ["sms-diary"]
CMD ["serve"]
