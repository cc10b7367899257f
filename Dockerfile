# The image of one AegisKV node, with aegis-cli and aegis-bench beside it.
#
#   docker build --tag aegiskv .
#   docker run --publish 7700:7700 --publish 7701:7701/tcp --publish 7701:7701/udp aegiskv

FROM debian:bookworm-slim AS build
WORKDIR /src
COPY scripts/setup scripts/packages scripts/
RUN scripts/setup build
COPY . .
RUN cmake --preset release -DAEGIS_BUILD_TESTS=OFF -DAEGIS_BUILD_BENCH=OFF \
 && cmake --build --preset release --target aegis aegis-cli aegis-bench \
 && strip build/bin/aegis build/bin/aegis-cli build/bin/aegis-bench

FROM debian:bookworm-slim
COPY scripts/setup scripts/packages /setup/
RUN /setup/setup runtime \
 && rm -rf /setup /var/lib/apt/lists/* \
 && useradd --system --uid 7700 --home-dir /data --no-create-home aegis \
 && install --directory --owner aegis --group aegis /data
COPY --from=build /src/build/bin/aegis /src/build/bin/aegis-cli /src/build/bin/aegis-bench \
     /usr/local/bin/

USER aegis
WORKDIR /data
VOLUME /data
ENV AEGIS_DATA_DIR=/data AEGIS_HEALTH_ADDR=:8080
# Clients and peers; gossip on UDP and TCP; /health, /ready, /metrics and /status.
EXPOSE 7700 7701/udp 7701/tcp 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=15s --retries=3 CMD ["aegis-cli", "ping"]
ENTRYPOINT ["aegis"]
