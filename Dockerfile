# The binary is static and carries its zone data, migrations and words: the image
# holds it, the certificates, and an empty folder for the data.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -tags=nomsgpack -ldflags "-s -w -X main.release=${VERSION}" -o /out/canot ./cmd/canot \
    && mkdir -p /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/canot /usr/local/bin/canot
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV CANOT_ADDR=0.0.0.0:8080 \
    CANOT_DATABASE_URL=sqlite:///data/canot.db
VOLUME ["/data"]
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/canot", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/canot"]
CMD ["serve"]
