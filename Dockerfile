# The networks of pretrained/ behind `mlflow models serve`, without TensorFlow. docs/scale.md says how to ask them.
# `python -m tests.image_rehearsal` runs these steps without Docker.
FROM python:3.13-slim

WORKDIR /app
COPY requirements-serve.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-serve.lock
COPY pyproject.toml README.md LICENSE ./
COPY solarflare solarflare
COPY pretrained pretrained
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable .
RUN solarflare export model

RUN useradd --system server
USER server
ENV MLFLOW_DISABLE_TELEMETRY=true
EXPOSE 8080
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/ping')"]
CMD ["mlflow", "models", "serve", "--model-uri", "model", "--env-manager", "local", "--host", "0.0.0.0", "--port", "8080", "--workers", "2"]
