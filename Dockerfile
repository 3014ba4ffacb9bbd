# One image for web, worker and beat; what a container does is its command (docker-compose.yml).
FROM python:3.13-slim AS packages
WORKDIR /app
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
    -r requirements.txt

FROM python:3.13-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FM_DATA_DIR=/data \
    FM_STATIC_ROOT=/app/staticfiles
RUN useradd --system --uid 10001 --user-group --no-create-home featurememory \
    && install -d -o featurememory -g featurememory /data
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY . .
# Collected at build: the container starts faster and needs no writable code directory.
RUN FM_DATA_DIR=/tmp/build FM_SECRET_KEY=only-for-this-step \
        python manage.py collectstatic --noinput --verbosity 0 \
    && chmod -R a+rX staticfiles \
    && rm -rf /tmp/build
USER featurememory
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Ready means: it wrote and read a row.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0"]
