namespace Broker.Storage.Files;

/// <summary>The mount that a path is on, as the kernel lists it in /proc/self/mountinfo.</summary>
/// <param name="FileSystem">Its type, such as ext4, overlay or tmpfs.</param>
/// <param name="Root">Which directory of that file system is mounted; / for all of it. Escaped as the kernel does it.</param>
internal sealed record Mount(string FileSystem, string Root)
{
    /// <param name="path">Need not exist: then it is the mount on which it would be made.</param>
    /// <returns>Null where the system does not say.</returns>
    public static Mount? Of(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        string? existing = Path.GetFullPath(path);
        while (existing is not null && !Directory.Exists(existing))
        {
            existing = Path.GetDirectoryName(existing);
        }

        // Through a descriptor the kernel itself resolves links and mounts that lie over one another.
        int fd = existing is null ? -1 : Libc.Open(existing, Libc.O_PATH | Libc.O_CLOEXEC, 0);
        if (fd < 0)
        {
            return null;
        }

        try
        {
            return Parse(File.ReadAllText($"/proc/self/fdinfo/{fd}"), File.ReadAllText("/proc/self/mountinfo"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        finally
        {
            _ = Libc.Close(fd);
        }
    }

    /// <param name="descriptorInfo">As /proc/self/fdinfo has it: a line names the mount's number.</param>
    /// <param name="mountInfo">ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [OPTIONAL…] - TYPE SOURCE OPTIONS, line by line.</param>
    internal static Mount? Parse(string descriptorInfo, string mountInfo)
    {
        const string IdField = "mnt_id:";
        string? id = descriptorInfo.Split('\n').FirstOrDefault(line => line.StartsWith(IdField, StringComparison.Ordinal))?[IdField.Length..].Trim();
        string[]? fields = mountInfo.Split('\n').FirstOrDefault(line => id is not null && line.StartsWith(id + " ", StringComparison.Ordinal))?.Split(' ');
        int end = fields is null ? -1 : Array.IndexOf(fields, "-");
        return end > 0 && end + 1 < fields!.Length ? new Mount(fields[end + 1], fields[3]) : null;
    }
}
