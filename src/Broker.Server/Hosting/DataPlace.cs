using System.Text.RegularExpressions;
using Broker.Server.Configuration;
using Broker.Storage;
using Broker.Storage.Files;

namespace Broker.Server.Hosting;

/// <summary>Whether the data directory is in a place where data lasts, and one that can be used; and if not, what to do.</summary>
internal static partial class DataPlace
{
    /// <summary>Looks at the directory, which need not exist, before anything is written.</summary>
    /// <returns>What its data may be lost by, which the log should say; null for an ordinary place.</returns>
    /// <exception cref="BrokerStartException">It is in a container's own file system, and the settings refuse that.</exception>
    public static string? Check(BrokerSettings settings)
    {
        string directory = Path.GetFullPath(settings.DataDirectory);
        return Check(directory, Mount.Of(directory), refusesOverlay: settings.Text("storage.on_overlay") == "refuse");
    }

    internal static string? Check(string directory, Mount? mount, bool refusesOverlay)
    {
        if (mount is null)
        {
            return null;
        }

        // fuse.fuse-overlayfs is what containers without root have where the kernel gives them no overlay.
        if (mount.FileSystem is "overlay" or "aufs" or "fuse.fuse-overlayfs")
        {
            return refusesOverlay
                ? throw new BrokerStartException(
                    $"Refusing to keep data in {directory}: it is part of the container's own file system ({mount.FileSystem}), which goes when "
                    + "the container is removed. Mount a volume there (docker run -v broker:/data); if the data may go, set "
                    + $"\"storage.on_overlay: warn\" ({SettingSources.VariableOf("storage.on_overlay")}=warn).")
                : $"The data directory {directory} is on {mount.FileSystem}. If that is a container's own file system, everything goes when the "
                    + "container is removed: mount a volume there to keep it.";
        }

        if (mount.FileSystem is "tmpfs" or "ramfs")
        {
            return $"The data directory {directory} is in memory ({mount.FileSystem}): what is acknowledged is lost when the machine stops. "
                + "Choose a directory on a disk to keep it.";
        }

        return AnonymousVolume().IsMatch(mount.Root)
            ? $"The data directory {directory} is in a volume without a name, which no other container finds again. Give it one to keep the "
                + "data (docker run -v broker:/data)."
            : null;
    }

    /// <summary>One line for a directory that cannot be opened; what the user may not do comes with how to allow it.</summary>
    public static string WhyUnusable(BrokerSettings settings, Exception e)
    {
        string directory = Path.GetFullPath(settings.DataDirectory);
        string cause = e.Message.TrimEnd('.');
        if (e is DiskException { IsReadOnly: true })
        {
            return $"The data directory {directory} is on a read-only file system: {cause}. Mount it for writing, or choose another one with --data_dir=DIRECTORY.";
        }

        if (e is not (DiskException { IsDenied: true } or UnauthorizedAccessException))
        {
            return e is CorruptLogException ? $"{e.Message} Put a copy of the directory in its place, or see what can be kept: broker log repair {directory}"
                : e is DiskException { Operation: "mkdir" }
                ? $"The data directory {directory} cannot be made: {cause}. Choose another one with --data_dir=DIRECTORY."
                : e.Message;
        }

        uint user = ProcessUser.Id;
        return Directory.Exists(directory)
            ? $"The data directory {directory} may not be used by this user (uid {user}): {cause}. Give it to that user (chown -R {user} {directory}; "
                + "in a container, the directory that is mounted there), or choose another one with --data_dir=DIRECTORY."
            : $"The data directory {directory} may not be made by this user (uid {user}): {cause}. Make it and give it to that user "
                + $"(mkdir -p {directory} && chown {user} {directory}), or choose another one with --data_dir=DIRECTORY.";
    }

    // Docker, Podman, Buildah and containerd name a volume that nobody has named with 64 hexadecimal digits.
    [GeneratedRegex("volumes/[0-9a-f]{64}(/_data)?$")]
    private static partial Regex AnonymousVolume();
}
