# syntax=docker/dockerfile:1

# The same image serves, migrates and runs every other command: docker run … family-pairing <command>.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
# Dependencies and objects stay in the builder's caches and out of the layers, so the program is copied out.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --bin family-pairing \
    && install -D -m 755 target/release/family-pairing /out/family-pairing

FROM debian:bookworm-slim
# The folder exists in the image so that a new volume on it belongs to the user who runs the server.
RUN groupadd --gid 10001 family-pairing \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/family-pairing \
        --shell /usr/sbin/nologin family-pairing \
    && install -d -o family-pairing -g family-pairing -m 700 /var/lib/family-pairing
COPY --from=build /out/family-pairing /usr/local/bin/family-pairing
USER 10001:10001
WORKDIR /var/lib/family-pairing
VOLUME /var/lib/family-pairing
ENV FAMILY_PAIRING_LISTEN=0.0.0.0:8080 \
    FAMILY_PAIRING_SECRET_FILE=/var/lib/family-pairing/secret
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["family-pairing", "healthcheck", "--url", "http://127.0.0.1:8080/healthz"]
# SIGTERM, Docker's default, is what the server drains on.
ENTRYPOINT ["family-pairing"]
CMD ["serve"]
