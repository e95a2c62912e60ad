using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd;

/// <summary>What a reader of a damaged log is told, and how it goes on.</summary>
public sealed class DamagedLogTests
{
    private const int Records = 300;

    [Fact]
    public async Task Reading_ends_at_damage_and_with_skip_damaged_goes_on_behind_it()
    {
        await using BrokerProcess broker = BrokerProcess.Temporary();
        await broker.StartAsync();
        await CliRun.SucceedAsync("topic", "create", "orders", "--partitions", "1", "--server", broker.Server);
        for (int third = 0; third < 3; third++)
        {
            // A batch at least for each, so that the one that is damaged has neighbours.
            string lines = string.Concat(Enumerable.Range(third * Records / 3, Records / 3).Select(number => $"order {number:D6} {new string('x', 200)}\n"));
            CliRun produced = await CliRun.RunAsync(BrokerCommandLine.StartInfo("produce", "orders", "--server", broker.Server), lines);
            Assert.True(produced.ExitCode == 0, produced.Error);
        }

        await broker.StopAsync();
        Flip(Assert.Single(Directory.GetFiles(Path.Combine(broker.DataDirectory, "topics"), "*.log", SearchOption.AllDirectories)));
        await broker.StartAsync();

        CliRun ended = await CliRun.RunAsync("consume", "orders", "--exit-at-end", "--server", broker.Server);
        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("is damaged at offset", ended.Error, StringComparison.Ordinal);

        CliRun skipped = await CliRun.SucceedAsync("consume", "orders", "--exit-at-end", "--skip-damaged", "--server", broker.Server);
        string note = Assert.Single(skipped.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        int[] ends = [.. note.Split(' ').Where(word => int.TryParse(word, out _)).Select(int.Parse)];
        Assert.Matches("^skipped offsets [0-9]+ to [0-9]+ of orders, partition 0: ", note);
        Assert.InRange(ends[1], ends[0], Records - 1);
        IEnumerable<int> intact = Enumerable.Range(0, Records).Where(offset => offset < ends[0] || offset > ends[1]);
        Assert.Equal(intact.Select(number => $"order {number:D6} {new string('x', 200)}"), skipped.Lines);
        Assert.NotEmpty(skipped.Lines);
        Assert.Equal(ended.Lines, skipped.Lines.Take(ended.Lines.Length));
    }

    private static void Flip(string segment)
    {
        using FileStream file = new(segment, FileMode.Open, FileAccess.ReadWrite);
        file.Position = file.Length / 2;
        int value = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)~value);
    }
}
