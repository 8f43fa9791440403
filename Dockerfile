# The image of every role: `docker build -t kubently:0.1.0 .`
# It holds the one binary and no kubectl; to add that, build on top:
#   FROM kubently:0.1.0
#   COPY --chmod=0755 kubectl /usr/local/bin/kubectl

# Both stages are of one Debian release, so that the binary finds the C library it was linked against.
ARG DEBIAN=trixie

FROM rust:1.95.0-slim-${DEBIAN} AS build
# rust-toolchain.toml also asks for rustfmt and clippy, which a build would download and never use.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /src
COPY . .
# The caches outlive the build, so a change of ours does not build every dependency again. What is kept must be copied out
# of them in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --package kubently --bin kubently \
    && install -D -m 0755 target/release/kubently /out/kubently

FROM debian:${DEBIAN}-slim
LABEL org.opencontainers.image.title="Kubently" \
      org.opencontainers.image.description="Read-only troubleshooting of many Kubernetes clusters through one API" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/kubently/kubently"
# Certificate authorities, for servers and Redis with TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY LICENSE /usr/share/doc/kubently/LICENSE
COPY --from=build /out/kubently /usr/local/bin/kubently
# A number, so that Kubernetes can see that it is not root; nobody in particular, because nothing is written.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/kubently"]
CMD ["--help"]
