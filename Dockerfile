# Lambent in a container: the first stage has everything that `make build` asks for, the second nothing but the executable.
#
#   docker build -t lambent --build-arg COMMIT="$(git rev-parse --short=12 HEAD)" .
#   docker run -p 127.0.0.1:4566:4566 -v lambent:/var/lib/lambent -e LAMBENT_AUTH=off lambent
#
# A container has to listen on every address of its own to be reached at all, and off loopback Lambent lets nobody in without a
# key: it does not start until you have given it access keys, or have said LAMBENT_AUTH=off in so many words. Say that only where
# nobody but you reaches the published port, as 127.0.0.1: above sees to.
#
# Functions run behind walls of Landlock there, which needs Linux 5.19 or later and no privilege: `docker run --rm lambent doctor` tells
# whether they hold. Where they do not, it takes -e LAMBENT_ISOLATION=none to start, and functions have all rights of the container.

FROM node:22-bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends make ca-certificates \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /lambent
# The toolchain in a layer of its own, for as long as the lock file stays the same.
COPY Makefile package.json package-lock.json ./
RUN make node_modules/.installed
COPY tsconfig.json bunfig.toml ./
COPY scripts scripts
COPY runtime runtime
COPY src src
# There is no repository in here to ask which commit this is.
ARG COMMIT=unknown
RUN LAMBENT_BUILD_COMMIT="$COMMIT" make build

FROM debian:bookworm-slim
RUN useradd --system --user-group --home-dir /var/lib/lambent --shell /usr/sbin/nologin lambent \
 && install -d -o lambent -g lambent /var/lib/lambent
COPY --from=build /lambent/dist/lambent /usr/local/bin/lambent
USER lambent
# Flags win over these, and the health check reads them too.
ENV LAMBENT_HOST=0.0.0.0 \
    LAMBENT_DATA_DIR=/var/lib/lambent
VOLUME /var/lib/lambent
EXPOSE 4566
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["lambent", "health"]
ENTRYPOINT ["lambent"]
CMD ["serve"]
