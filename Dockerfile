# syntax=docker/dockerfile:1
# Orderyard in a container: the dashboard, then the program, then nothing but the program.

FROM node:22-bookworm-slim AS dashboard
WORKDIR /build/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM rust:1.95-slim-bookworm AS program
WORKDIR /build
# aws-lc and SQLite are compiled from C.
RUN apt-get update && apt-get install -y --no-install-recommends gcc g++ libc6-dev make cmake \
    && rm -rf /var/lib/apt/lists/*
COPY . .
COPY --from=dashboard /build/frontend/dist frontend/dist
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --locked --release \
    && install -D target/release/orderyard /out/orderyard \
    && mkdir /out/data

# No shell, no package manager, user 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=program /out/orderyard /usr/local/bin/orderyard
COPY --from=program --chown=65532:65532 /out/data /var/lib/orderyard/data
WORKDIR /var/lib/orderyard
# The SQLite database and its key. Not used with PostgreSQL.
VOLUME /var/lib/orderyard/data
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["orderyard", "doctor", "--ready"]
ENTRYPOINT ["orderyard"]
CMD ["serve"]
