using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd;

/// <summary>Data directories where data does not last, or that the broker's user may not use.</summary>
public sealed class DataPlaceTests
{
    [MountFact]
    public async Task A_containers_own_file_system_is_refused_where_the_image_says_so_and_nothing_is_written()
    {
        using var overlay = MountedDirectory.Overlay();
        CliRun run = await CliRun.RunAsync([.. Serve(Path.Combine(overlay.Path, "data")), "--storage.on_overlay=refuse"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Equal("", run.Text);
        Assert.StartsWith($"error: Refusing to keep data in {overlay.Path}/data: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("BROKER__STORAGE__ON_OVERLAY=warn", run.Error, StringComparison.Ordinal);
        Assert.Equal(1, run.Error.Count(c => c == '\n'));
        Assert.Empty(Directory.GetFileSystemEntries(overlay.Path));
    }

    [MountFact]
    public async Task Otherwise_it_is_served_from_with_a_warning()
    {
        using var overlay = MountedDirectory.Overlay();
        await CheckServedAsync(overlay, "is on overlay.");
    }

    [MountFact]
    public async Task Memory_is_served_from_with_a_warning()
    {
        using var memory = MountedDirectory.Memory();
        await CheckServedAsync(memory, "is in memory (tmpfs)", "--storage.on_overlay=refuse", "--storage.reserve_bytes=0");
    }

    [MountFact]
    public async Task A_demo_runs_on_an_overlay_without_a_word_of_it()
    {
        using var overlay = MountedDirectory.Overlay();
        CliRun run = await CliRun.SucceedAsync("demo", "--exit", "--data-dir", Path.Combine(overlay.Path, "data"));
        Assert.Contains("Consumed 20,000 back", run.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("overlay.", run.Text, StringComparison.Ordinal);
        Assert.Equal("", run.Error);
    }

    [MountFact]
    public async Task A_directory_that_is_mounted_read_only_is_told_as_one()
    {
        using var memory = MountedDirectory.Memory();
        SystemCommand.Run("mount", "-o", "remount,ro", memory.Path);
        CliRun run = await CliRun.RunAsync(Serve(memory.Path));
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"error: The data directory {memory.Path} is on a read-only file system: ", run.Error, StringComparison.Ordinal);
        Assert.Equal(1, run.Error.Count(c => c == '\n'));
    }

    private static string[] Serve(string directory) => ["serve", $"--data_dir={directory}", "--grpc.listen=127.0.0.1:0", "--http.listen=127.0.0.1:0"];

    private static async Task CheckServedAsync(MountedDirectory directory, string warning, params string[] settings)
    {
        await using var broker = new BrokerProcess(Path.Combine(directory.Path, "data"), settings);
        await broker.StartAsync();
        await CliRun.SucceedAsync("topic", "create", "t", "--server", broker.Server);
        Assert.Contains($"WRN The data directory {broker.DataDirectory} {warning}", broker.Output, StringComparison.Ordinal);
        Assert.Equal(0, await broker.StopAsync());
    }
}
