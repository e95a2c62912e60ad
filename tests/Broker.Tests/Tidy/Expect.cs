namespace Broker.Tests.Tidy;

internal static class Expect
{
    /// <summary>Fails with every sentence in full, which Assert.Empty would cut short.</summary>
    public static void Nothing(IEnumerable<string> wrong)
    {
        string[] sentences = [.. wrong];
        Assert.True(sentences.Length == 0, "\n" + string.Join('\n', sentences));
    }
}
