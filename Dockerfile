# docker build -t clustersim . && docker run --rm -v "$PWD:/work" clustersim run nanjing-1024 -f table
FROM python:3.12-slim AS build
COPY . /src
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /dist /src

FROM python:3.12-slim
# fonts for figures with Chinese names; pango for notes as PDF
# Debian keeps the newest version of a package alone, so that none can be pinned
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends fonts-noto-cjk libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /dist/*.whl /dist/
RUN pip install --no-cache-dir "$(ls /dist/*.whl)[study,report]" && rm -r /dist && useradd --create-home --uid 1000 user
USER 1000
WORKDIR /work
ENTRYPOINT ["clustersim"]
CMD ["--help"]
