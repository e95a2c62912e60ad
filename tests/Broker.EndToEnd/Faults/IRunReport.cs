namespace Broker.EndToEnd.Faults;

/// <summary>What a fault run did and found; its text is one line for people.</summary>
internal interface IRunReport
{
    /// <summary>Nothing was found, and the run did enough to find something.</summary>
    bool IsGood { get; }

    /// <summary>A line for each of the first findings.</summary>
    IReadOnlyList<string> Examples { get; }
}
