using Broker.Storage.Files;

namespace Broker.Tests.Storage;

public sealed class MountTests
{
    private const string Table =
        """
        22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
        361 22 0:45 / /mnt/with\040blank rw shared:7 master:2 - tmpfs tmpfs rw,size=1g
        36 22 0:44 / /var/lib/x rw - overlay overlay rw,lowerdir=/l,upperdir=/u
        640 36 254:0 /var/lib/docker/volumes/broker/_data /data rw,relatime master:1 - ext4 /dev/vda rw
        """;

    [Theory]
    [InlineData("22", "ext4", "/")]
    [InlineData("361", "tmpfs", "/")]
    [InlineData("36", "overlay", "/")]
    [InlineData("640", "ext4", "/var/lib/docker/volumes/broker/_data")]
    public void The_line_of_the_descriptors_mount_counts(string id, string fileSystem, string root) =>
        Assert.Equal(new Mount(fileSystem, root), Mount.Parse($"pos:\t0\nflags:\t012000000\nmnt_id:\t{id}\nino:\t2\n", Table));

    [Theory]
    [InlineData("mnt_id:\t64\n", Table)]
    [InlineData("pos:\t0\n", Table)]
    [InlineData("", "")]
    [InlineData("mnt_id:\t22\n", "22 1 254:0 / /")]
    [InlineData("mnt_id:\t22\n", "22 1 254:0 / / rw -")]
    public void What_the_system_does_not_say_is_not_made_up(string descriptorInfo, string mountInfo) =>
        Assert.Null(Mount.Parse(descriptorInfo, mountInfo));

    [Theory]
    [InlineData("/proc")]
    [InlineData("/proc/no-such-thing/below")]
    [InlineData("/proc/self/../self/fd")]
    public void A_path_is_on_the_mount_where_it_is_or_would_be_made(string path) =>
        Assert.Equal(OperatingSystem.IsLinux() ? "proc" : null, Mount.Of(path)?.FileSystem);
}
