# The broker in a container: one process, data in /data, gRPC on 9095, metrics and health on 9096.
#
#   docker build -t broker .
#   docker run -d --name broker -p 127.0.0.1:9095:9095 -p 127.0.0.1:9096:9096 -v broker:/data -e BROKER__SECURITY__INSECURE=true broker
#   docker exec broker broker topic create orders
#
# In a container the broker must listen beyond loopback. It refuses to while nobody is authenticated, unless that last
# setting says that everybody who reaches the ports may do everything. docs/operations.md says the rest.

# Any base with ASP.NET 10 for glibc will do, also one without a shell: --build-arg BASE=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
ARG BASE=mcr.microsoft.com/dotnet/aspnet:10.0

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
# Projects and lock files first: as long as they stay the same, the restored packages are a cached layer.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/Package.targets src/
COPY src/Broker.Cli/*.csproj src/Broker.Cli/packages.lock.json src/Broker.Cli/
COPY src/Broker.Client/*.csproj src/Broker.Client/packages.lock.json src/Broker.Client/
COPY src/Broker.Engine/*.csproj src/Broker.Engine/packages.lock.json src/Broker.Engine/
COPY src/Broker.Protocol/*.csproj src/Broker.Protocol/packages.lock.json src/Broker.Protocol/
COPY src/Broker.Records/*.csproj src/Broker.Records/packages.lock.json src/Broker.Records/
COPY src/Broker.Server/*.csproj src/Broker.Server/packages.lock.json src/Broker.Server/
COPY src/Broker.Storage/*.csproj src/Broker.Storage/packages.lock.json src/Broker.Storage/
# First what the lock files name, hashes and all, then this platform's host and compiler beside it.
RUN dotnet restore src/Broker.Cli --locked-mode \
    && platform="linux-$(case "$(uname -m)" in aarch64) echo arm64 ;; *) echo x64 ;; esac)" \
    && echo "$platform" > /platform \
    && dotnet restore src/Broker.Cli -p:RuntimeIdentifier="$platform"
COPY . .
# Compiled ahead, for a quick start.
RUN dotnet publish src/Broker.Cli -c Release -r "$(cat /platform)" --self-contained false --no-restore -o /image/app \
        -p:PublishDocumentationFiles=false -p:PublishReferencesDocumentationFiles=false \
    && cp LICENSE /image/app/ \
    && mkdir -p /image/usr/local/bin /volume/data \
    && ln -s /app/broker /image/usr/local/bin/broker

# Nothing is run from here on: the base need not have a shell.
FROM ${BASE}
COPY --from=build /image/ /
# A volume that is made for it belongs to the unprivileged user of the .NET images, as this directory does.
COPY --from=build --chown=1654:1654 /volume/ /
# A broker.yaml that is mounted here is read.
WORKDIR /etc/broker
# Variables, so that others may win over them. ASPNETCORE_HTTP_PORTS and its like, which the base sets, are not read at all.
ENV BROKER__DATA_DIR=/data \
    BROKER__GRPC__LISTEN=0.0.0.0:9095 \
    BROKER__HTTP__LISTEN=0.0.0.0:9096 \
    BROKER__STORAGE__ON_OVERLAY=refuse
USER 1654:1654
VOLUME /data
EXPOSE 9095 9096
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["/app/broker", "status"]
ENTRYPOINT ["/app/broker"]
CMD ["serve"]
