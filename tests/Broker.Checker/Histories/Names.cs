namespace Broker.Checker.Histories;

/// <summary>How the values of enumerations are written in a history.</summary>
internal static class Names
{
    private static readonly (string Name, EventKind Value)[] Kinds =
    [
        ("invoke", EventKind.Invoke), ("ok", EventKind.Ok), ("fail", EventKind.Fail), ("info", EventKind.Info),
    ];

    private static readonly (string Name, Function Value)[] Functions =
    [
        ("send", Function.Send), ("poll", Function.Poll), ("txn", Function.Txn), ("commitOffsets", Function.CommitOffsets),
        ("fetchOffsets", Function.FetchOffsets), ("listOffsets", Function.ListOffsets), ("assign", Function.Assign),
        ("subscribe", Function.Subscribe), ("initProducer", Function.InitProducer), ("endTxn", Function.EndTxn),
        ("crash", Function.Crash),
    ];

    public static string Of(EventKind kind) => Kinds[(int)kind].Name;

    public static string Of(Function function) => Functions[(int)function].Name;

    public static EventKind? ParseKind(ReadOnlySpan<byte> name) => Find(Kinds, name);

    public static Function? ParseFunction(ReadOnlySpan<byte> name) => Find(Functions, name);

    private static T? Find<T>((string Name, T Value)[] names, ReadOnlySpan<byte> wanted)
        where T : struct
    {
        foreach ((string name, T value) in names)
        {
            if (System.Text.Ascii.Equals(wanted, name))
            {
                return value;
            }
        }

        return null;
    }
}
