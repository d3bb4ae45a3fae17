# The Jira integration as an image: one binary, no shell, not root, and nothing to write but /tmp/ocean.
#
#   docker build -t ocean-jira .
#   docker run --read-only --tmpfs /tmp/ocean:mode=1777 --env-file jira.env -p 8000:8000 ocean-jira
#
# Other integrations: --build-arg PACKAGE=my-integration (its package, whose binary has the same name).

FROM rust:1.95-slim-bookworm AS build
ARG PACKAGE=ocean-jira
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --profile dist --package "$PACKAGE" \
    && install -D "target/dist/$PACKAGE" /image/usr/bin/ocean \
    && install -d -m 1777 /image/tmp/ocean \
    && install -d /image/app

# glibc, libgcc and the CA certificates, and nothing else.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /image /
# Where Helm's chart mounts a writable folder, whatever the user; see docs/operating.md for one that stays.
ENV OCEAN__STATE_DIR=/tmp/ocean/state
WORKDIR /app
USER 1001:1001
EXPOSE 8000
ENTRYPOINT ["/usr/bin/ocean"]
CMD ["sail"]
