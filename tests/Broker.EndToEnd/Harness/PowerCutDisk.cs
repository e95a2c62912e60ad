namespace Broker.EndToEnd.Harness;

/// <summary>
/// An ext4 file system on a loop device, its image in memory. What was neither synced nor written back by the kernel is not in
/// the image: a copy of the image is the disk as a power cut would have left it.
/// </summary>
/// <remarks>
/// Needs root. Everything is mounted below one private directory, which names the process it belongs to: what a process that was
/// killed left behind is taken away by the next one.
/// </remarks>
internal sealed class PowerCutDisk : IDisposable
{
    private const string Prefix = "broker-powercut-";
    private const int CopiesMax = 20;

    private static readonly Lazy<string?> Unavailability = new(Probe);

    private readonly long _sizeBytes;
    private readonly string _root;
    private readonly string _memory;
    private readonly EventHandler _onExit;
    private string _image;
    private string _device = "";
    private int _images;
    private bool _isDisposed;

    /// <param name="sizeBytes">Of the file system. Memory is taken for what is written only.</param>
    public PowerCutDisk(long sizeBytes)
    {
        RemoveLeftOvers();
        _sizeBytes = sizeBytes;
        _root = Path.Combine(Path.GetTempPath(), $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}");
        _memory = Path.Combine(_root, "memory");
        Directory = Path.Combine(_root, "disk");
        _image = Path.Combine(_memory, "0.img");
        _onExit = (_, _) => Dispose();
        AppDomain.CurrentDomain.ProcessExit += _onExit;
        try
        {
            System.IO.Directory.CreateDirectory(_memory);
            System.IO.Directory.CreateDirectory(Directory);

            // Two images while one is being copied.
            SystemCommand.Run("mount", "-t", "tmpfs", "-o", $"size={2 * sizeBytes}", "tmpfs", _memory);
            SystemCommand.Run("truncate", "-s", $"{sizeBytes}", _image);
            SystemCommand.Run("mkfs.ext4", "-q", "-m", "0", _image);
            _device = Mount(_image, Directory);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Why there can be none on this machine; null when there can.</summary>
    public static string? Unavailable => Unavailability.Value;

    /// <summary>Where it is mounted.</summary>
    public string Directory { get; }

    /// <summary>
    /// Cuts the power: what was not on the disk is gone. Whoever wrote must have ended or been stopped, and must have ended when
    /// this returns to a mounted disk again.
    /// </summary>
    /// <param name="since">Files that were not changed since then are taken as being on the disk.</param>
    /// <param name="beforeUnmount">Called when the image is copied: ends processes that were only stopped.</param>
    public async Task<DroppedWrites> CutAsync(DateTimeOffset since, Func<Task> beforeUnmount)
    {
        string copy = Path.Combine(_memory, $"{++_images}.img");
        CopyAtRest(copy);
        await beforeUnmount();
        string after = Path.Combine(_root, "after");
        System.IO.Directory.CreateDirectory(after);
        Mount(copy, after);
        DroppedWrites dropped = DroppedWrites.Between(Directory, after, since);
        SystemCommand.Run("umount", after);
        Unmount(Directory);
        File.Delete(_image);
        _image = copy;

        // Mounted afresh: nothing of what was compared is left in the page cache.
        _device = Mount(_image, Directory);
        return dropped;
    }

    /// <summary>
    /// Lets the device below the file system take so many bytes more and then fail every write, as a thin volume does whose pool is
    /// full: what was written to files goes as far as the page cache and no further.
    /// </summary>
    public void FailAfter(long bytes)
    {
        for (int attempt = 1; !TryLimit(bytes); attempt++)
        {
            if (attempt == CopiesMax)
            {
                throw new InvalidOperationException($"{_memory} took more than {bytes} bytes during each of {attempt} tries to limit it.");
            }
        }
    }

    /// <summary>Mends the device and mounts what is on it afresh; whoever wrote must have ended.</summary>
    public void Mend()
    {
        Unmount(Directory);
        SystemCommand.Run("mount", "-o", $"remount,size={2 * _sizeBytes}", _memory);
        _device = Mount(_image, Directory);
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        AppDomain.CurrentDomain.ProcessExit -= _onExit;
        Remove(_root);
    }

    /// <returns>False when more was written meanwhile.</returns>
    private bool TryLimit(long bytes)
    {
        string used = SystemCommand.Run("df", "--block-size=1", "--output=used", _memory).Split('\n')[1].Trim();
        return SystemCommand.TryRun("mount", "-o", $"remount,size={long.Parse(used) + bytes}", _memory);
    }

    private static string? Probe()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return "a power cut needs root, to mount";
        }

        if (!File.Exists("/dev/loop-control"))
        {
            return "a power cut needs loop devices, and there is no /dev/loop-control";
        }

        try
        {
            using var small = new PowerCutDisk(16 << 20);
            return null;
        }
        catch (InvalidOperationException error)
        {
            return $"a power cut needs an ext4 on a loop device: {error.Message}";
        }
    }

    private static string Mount(string image, string directory)
    {
        string device = SystemCommand.Run("losetup", "--find", "--show", image);
        try
        {
            SystemCommand.Run("mount", "-o", "data=ordered", device, directory);
        }
        finally
        {
            // While mounted it stays; with the last unmount it goes.
            SystemCommand.TryRun("losetup", "--detach", device);
        }

        return device;
    }

    private static void Unmount(string directory)
    {
        if (!SystemCommand.TryRun("umount", directory))
        {
            SystemCommand.TryRun("umount", "--lazy", directory);
        }
    }

    private static void RemoveLeftOvers()
    {
        foreach (string directory in System.IO.Directory.GetDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            string owner = Path.GetFileName(directory)[Prefix.Length..].Split('-')[0];
            if (!System.IO.Directory.Exists($"/proc/{owner}"))
            {
                Remove(directory);
            }
        }
    }

    private static void Remove(string root)
    {
        foreach (string mounted in new[] { "after", "disk", "memory" }.Select(name => Path.Combine(root, name)))
        {
            if (IsMounted(mounted))
            {
                Unmount(mounted);
            }
        }

        if (System.IO.Directory.Exists(root) && !new[] { "after", "disk", "memory" }.Any(name => IsMounted(Path.Combine(root, name))))
        {
            System.IO.Directory.Delete(root, recursive: true);
        }
    }

    private static bool IsMounted(string directory) =>
        File.ReadLines("/proc/self/mounts").Any(line => line.Split(' ')[1] == directory);

    /// <summary>
    /// Copies the image. The kernel may still be writing back by itself, and a copy takes a while: one during which the device
    /// took a write shows no moment that there ever was, and is made again.
    /// </summary>
    private void CopyAtRest(string copy)
    {
        for (int attempt = 0; attempt < CopiesMax; attempt++)
        {
            string before = Writes();
            SystemCommand.Run("cp", "--sparse=always", _image, copy);
            if (before == Writes())
            {
                return;
            }
        }

        throw new InvalidOperationException($"{_device} was written without pause during {CopiesMax} copies.");
    }

    /// <summary>How many writes the device has completed, and how many requests are under way.</summary>
    private string Writes()
    {
        // reads merged sectors ms, writes merged sectors ms, in flight, …
        string[] fields = File.ReadAllText($"/sys/block/{Path.GetFileName(_device)}/stat").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return $"{fields[4]} {fields[6]} {fields[8]}";
    }
}
