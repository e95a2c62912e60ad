# The broker in a container: one process, data in /data, gRPC on 9095, metrics and health on 9096.
#
#   docker build -t broker .
#   docker run --name broker -p 127.0.0.1:9095:9095 -v broker-data:/data -e BROKER__SECURITY__INSECURE=true broker
#   docker exec broker broker topic create orders
#
# In a container the broker must listen beyond loopback. It refuses to while nobody is authenticated, unless the last
# setting above says that everybody who reaches the port may do everything.

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
# Projects and lock files first: as long as they stay the same, the restored packages are a cached layer.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/Broker.Cli/*.csproj src/Broker.Cli/packages.lock.json src/Broker.Cli/
COPY src/Broker.Client/*.csproj src/Broker.Client/packages.lock.json src/Broker.Client/
COPY src/Broker.Engine/*.csproj src/Broker.Engine/packages.lock.json src/Broker.Engine/
COPY src/Broker.Protocol/*.csproj src/Broker.Protocol/packages.lock.json src/Broker.Protocol/
COPY src/Broker.Records/*.csproj src/Broker.Records/packages.lock.json src/Broker.Records/
COPY src/Broker.Server/*.csproj src/Broker.Server/packages.lock.json src/Broker.Server/
COPY src/Broker.Storage/*.csproj src/Broker.Storage/packages.lock.json src/Broker.Storage/
RUN dotnet restore src/Broker.Cli --locked-mode
COPY . .
RUN dotnet publish src/Broker.Cli -c Release --no-restore -o /app
# A portable build carries the native libraries of every platform; keep this one's.
RUN keep="linux-$(case "$(uname -m)" in aarch64) echo arm64 ;; *) echo x64 ;; esac)" \
    && find /app/runtimes -mindepth 1 -maxdepth 1 -type d ! -name "$keep" ! -name linux ! -name unix -exec rm -r {} + \
    && find /app/runtimes -name 'librocksdb-*.so' -delete

FROM mcr.microsoft.com/dotnet/aspnet:10.0
RUN mkdir /data && chown 1654:1654 /data && ln -s /app/broker /usr/local/bin/broker
COPY --from=build /app /app
COPY LICENSE /app/
# The unprivileged user of the .NET images.
USER 1654
VOLUME /data
EXPOSE 9095 9096
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["broker", "status"]
ENTRYPOINT ["broker", "serve", "--data_dir=/data", "--grpc.listen=0.0.0.0:9095", "--http.listen=0.0.0.0:9096"]
