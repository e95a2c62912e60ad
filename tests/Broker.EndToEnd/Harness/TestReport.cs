using Xunit.Abstractions;

namespace Broker.EndToEnd.Harness;

/// <summary>
/// What a long test tells while it runs: to the runner, and to a file that tests/run shows, as the runner keeps the words of
/// a test that passed to itself.
/// </summary>
internal sealed class TestReport : IDisposable
{
    private readonly ITestOutputHelper _output;
    private readonly StreamWriter? _file;

    public TestReport(string name, ITestOutputHelper output)
    {
        _output = output;
        if (Environment.GetEnvironmentVariable("BROKER_TEST_REPORTS") is { Length: > 0 } directory)
        {
            Directory.CreateDirectory(directory);
            _file = new StreamWriter(Path.Combine(directory, name + ".txt")) { AutoFlush = true };
        }
    }

    public void Line(string text)
    {
        _output.WriteLine(text);
        _file?.WriteLine(text);
    }

    public void Dispose() => _file?.Dispose();
}
