using System.Text;
using Broker.Client.Testing.Disk;
using Broker.Storage.Files;

namespace Broker.Tests.InMemory;

public sealed class MemoryDiskTests
{
    private static readonly string Directory = Path.GetFullPath("/d");

    private readonly MemoryDisk _disk = new();

    public MemoryDiskTests()
    {
        foreach (string parent in _disk.CreateDirectory(Directory))
        {
            _disk.SyncDirectory(parent);
        }
    }

    [Fact]
    public void Bytes_that_were_synced_outlive_a_power_cut_and_no_others()
    {
        using IDiskFile file = Write("a", "synced");
        file.SyncData();
        _disk.SyncDirectory(Directory);
        file.Write(0, "S"u8);
        file.Write(6, ", and more"u8);

        Assert.Equal("Synced, and more", Read(_disk, "a"));
        _disk.CutPower(chance: null);
        Assert.Equal("synced", Read(_disk, "a"));
    }

    [Fact]
    public void A_name_is_kept_by_a_sync_of_its_directory_alone()
    {
        Write("a", "a").SyncData();
        Write("kept", "kept").SyncData();
        _disk.SyncDirectory(Directory);
        Write("b", "b").SyncData();
        _disk.Rename(PathOf("a"), PathOf("c"));
        _disk.DeleteFile(PathOf("kept"));

        Assert.Equal(["b", "c"], Names(_disk));
        _disk.CutPower(chance: null);
        Assert.Equal(["a", "kept"], Names(_disk));
        Assert.Equal("a", Read(_disk, "a"));
    }

    [Fact]
    public void A_copy_is_one_moment_with_all_that_was_not_synced_by_then()
    {
        using IDiskFile file = Write("a", "before");
        MemoryDisk copy = _disk.Copy();
        file.Write(0, "after!"u8);
        file.SyncData();
        _disk.SyncDirectory(Directory);
        Write("b", "after").Dispose();

        Assert.Equal(["a"], Names(copy));
        Assert.Equal("before", Read(copy, "a"));
        copy.CutPower(chance: null);
        Assert.Empty(Names(copy));
        _disk.CutPower(chance: null);
        Assert.Equal("after!", Read(_disk, "a"));
    }

    [Fact]
    public void A_map_shows_what_is_written_after_it_was_made_and_costs_nothing_beyond_the_file()
    {
        using IDiskFile file = Write("a", "first");
        FileMap map = file.Map(1 << 30);
        file.Write(5, Encoding.UTF8.GetBytes(new string('x', 10_000)));

        Assert.Equal("firstx", Encoding.UTF8.GetString(map.GetSpan()[..6]));
        Assert.InRange(map.GetSpan().Length, 10_005, 100_000);
        map.Unmap();
        Assert.Throws<ObjectDisposedException>(() => map.GetSpan().Length);
    }

    [Fact]
    public void One_broker_at_a_time_has_it_until_the_power_is_cut()
    {
        IDisposable? first = _disk.TryLock(Directory);
        Assert.NotNull(first);
        Assert.Null(_disk.TryLock(Directory));
        first.Dispose();
        Assert.NotNull(_disk.TryLock(Directory));
        _disk.CutPower(chance: null);
        Assert.NotNull(_disk.TryLock(Directory));
    }

    [Fact]
    public void Opening_a_file_that_is_there_or_is_not_fails_as_on_a_real_disk()
    {
        const int ENOENT = 2, EEXIST = 17;
        Write("there", "").Dispose();
        (string Path, FileOpening Opening, int Errno)[] refused =
        [
            (PathOf("there"), FileOpening.New, EEXIST), (PathOf("missing"), FileOpening.Existing, ENOENT),
            (PathOf("missing"), FileOpening.ReadOnly, ENOENT), (Path.Combine(Directory, "missing", "a"), FileOpening.ExistingOrNew, ENOENT),
        ];
        Assert.All(refused, one => Assert.Equal(one.Errno, Assert.Throws<DiskException>(() => _disk.Open(one.Path, one.Opening)).Errno));
        _disk.Open(PathOf("there"), FileOpening.ExistingOrNew).Dispose();
    }

    private static string PathOf(string name) => Path.Combine(Directory, name);

    private static IEnumerable<string?> Names(MemoryDisk disk) => disk.ListFiles(Directory).Select(Path.GetFileName);

    private static string Read(MemoryDisk disk, string name)
    {
        using IDiskFile file = disk.Open(PathOf(name), FileOpening.ReadOnly);
        byte[] bytes = new byte[file.Length];
        Assert.Equal(bytes.Length, file.Read(0, bytes));
        return Encoding.UTF8.GetString(bytes);
    }

    private IDiskFile Write(string name, string content)
    {
        IDiskFile file = _disk.Open(PathOf(name), FileOpening.New);
        file.Write(0, Encoding.UTF8.GetBytes(content));
        return file;
    }
}
