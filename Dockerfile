# The image of `linnet`. Building takes as long as `make build` does; RocksDB and the crates are kept between builds.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /linnet
RUN apt-get update && apt-get install -y --no-install-recommends make
COPY tools tools
RUN tools/install.sh build
COPY . .
RUN --mount=type=cache,target=/cache --mount=type=cache,target=/linnet/target --mount=type=cache,target=/usr/local/cargo/registry \
    LINNET_CACHE=/cache make build && cp target/release/linnet /linnet/linnet

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libstdc++6 libssl3 && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 linnet && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/linnet --shell /usr/sbin/nologin linnet \
    && mkdir -p /var/lib/linnet /etc/linnet && chown linnet:linnet /var/lib/linnet /etc/linnet
COPY --from=build /linnet/linnet /usr/local/bin/linnet
USER 10001:10001
VOLUME /var/lib/linnet
EXPOSE 5222 5223 5280 7800/tcp 7800/udp
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["linnet", "status", "--check"]
ENTRYPOINT ["linnet"]
CMD ["--help"]
