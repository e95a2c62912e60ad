using Broker.Server.Hosting;
using Broker.Storage;
using Broker.Storage.Files;

namespace Broker.Tests.Server;

public sealed class DataPlaceTests : IDisposable
{
    private const string Anonymous = "4c01db0b339c2d1a5d4b9a1e3d4ff5b1c2e7a9f0d1b3c5e7f9a0b2c4d6e8f0a1";

    private readonly string _directory = Directory.CreateTempSubdirectory("broker-place-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("ext4", "/")]
    [InlineData("xfs", "/var/lib/docker/volumes/broker/_data")]
    [InlineData("9p", "/")]
    public void An_ordinary_place_needs_no_word(string fileSystem, string root) =>
        Assert.Null(DataPlace.Check("/data", new Mount(fileSystem, root), refusesOverlay: true));

    [Fact]
    public void Where_the_system_does_not_say_nothing_is_said() => Assert.Null(DataPlace.Check("/data", mount: null, refusesOverlay: true));

    [Theory]
    [InlineData("overlay")]
    [InlineData("fuse.fuse-overlayfs")]
    [InlineData("aufs")]
    public void A_containers_own_file_system_is_refused_with_what_to_do_or_warned_of(string fileSystem)
    {
        var mount = new Mount(fileSystem, "/");

        var refusal = Assert.Throws<BrokerStartException>(() => DataPlace.Check("/data", mount, refusesOverlay: true));
        string? warning = DataPlace.Check("/data", mount, refusesOverlay: false);

        Assert.Contains("-v broker:/data", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("storage.on_overlay: warn", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("BROKER__STORAGE__ON_OVERLAY=warn", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.Contains("/data", warning, StringComparison.Ordinal);
        Assert.Contains("mount a volume", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tmpfs")]
    [InlineData("ramfs")]
    public void Memory_is_warned_of_and_never_refused(string fileSystem) =>
        Assert.Contains("in memory", DataPlace.Check("/data", new Mount(fileSystem, "/"), refusesOverlay: true), StringComparison.Ordinal);

    [Theory]
    [InlineData($"/var/lib/docker/volumes/{Anonymous}/_data")]
    [InlineData($"/containers/storage/volumes/{Anonymous}/_data")]
    [InlineData($"/overlay-containers/{Anonymous}/userdata/buildah-volumes/{Anonymous}")]
    [InlineData($"/var/lib/containerd/io.containerd.grpc.v1.cri/containers/{Anonymous}/volumes/{Anonymous}")]
    public void A_volume_that_nobody_named_is_warned_of(string root) =>
        Assert.Contains("a volume without a name", DataPlace.Check("/data", new Mount("ext4", root), refusesOverlay: true), StringComparison.Ordinal);

    [Fact]
    public void What_the_user_may_not_do_is_told_with_the_user_and_how_to_allow_it()
    {
        string there = Why(_directory, new DiskException("open", $"{_directory}/lock", position: -1, errno: 13));
        string absent = Why($"{_directory}/x", new DiskException("mkdir", $"{_directory}/x", position: -1, errno: 13));
        string unlisted = Why(_directory, new UnauthorizedAccessException($"Access to the path '{_directory}/journal' is denied."));

        Assert.Equal(
            $"The data directory {_directory} may not be used by this user (uid {ProcessUser.Id}): open of {_directory}/lock failed: Permission denied (errno 13). "
            + $"Give it to that user (chown -R {ProcessUser.Id} {_directory}; in a container, the directory that is mounted there), "
            + "or choose another one with --data_dir=DIRECTORY.",
            there);
        Assert.Contains($"mkdir -p {_directory}/x && chown {ProcessUser.Id} {_directory}/x", absent, StringComparison.Ordinal);
        Assert.Contains($"'{_directory}/journal' is denied. Give it", unlisted, StringComparison.Ordinal);
    }

    [Fact]
    public void A_read_only_file_system_is_told_as_one() =>
        Assert.Contains(
            $"The data directory {_directory} is on a read-only file system: ",
            Why(_directory, new DiskException("open", $"{_directory}/lock", position: -1, errno: 30)),
            StringComparison.Ordinal);

    [Fact]
    public void A_directory_that_cannot_be_made_is_told_with_what_to_do() =>
        Assert.Equal(
            $"The data directory {_directory} cannot be made: mkdir of {_directory}/journal failed: Not a directory (errno 20). "
            + "Choose another one with --data_dir=DIRECTORY.",
            Why(_directory, new DiskException("mkdir", $"{_directory}/journal", position: -1, errno: 20)));

    [Fact]
    public void Other_reasons_are_told_as_they_are() => Assert.Equal("Damaged.", Why(_directory, new StorageException("Damaged.")));

    private static string Why(string directory, Exception e) => DataPlace.WhyUnusable(TestBroker.Settings(directory), e);
}
