namespace Broker.EndToEnd.Faults;

/// <summary>What a run is to do. Everything that is left to chance follows from the seed.</summary>
internal sealed record FaultPlan(int Kills, int PowerCuts, long Seed)
{
    public string Arguments => $"--kills {Kills} --power-cuts {PowerCuts} --seed {Seed}";

    /// <summary>How each life of the broker is to be led and ended, the two endings mixed.</summary>
    public IReadOnlyList<Life> Lives(bool canSlowSyncs)
    {
        var random = new Random(unchecked((int)Seed));
        Ending[] endings = [.. Enumerable.Repeat(Ending.Kill, Kills), .. Enumerable.Repeat(Ending.PowerCut, PowerCuts)];
        random.Shuffle(endings);

        // An even one: of a few power cuts, more come without delayed syncs, which take their time.
        int firstTurn = 2 * random.Next(byte.MaxValue);
        return
        [
            .. endings.Select((ending, at) =>
                Life.Draw(ending, firstTurn + endings[..at].Count(before => before == ending), random, canSlowSyncs)),
        ];
    }
}
