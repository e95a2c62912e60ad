namespace Broker.EndToEnd.Harness;

/// <summary>A directory that goes with its owner, unless it is to be kept for a look.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public TemporaryDirectory() => Path = Directory.CreateTempSubdirectory("broker-test-").FullName;

    public string Path { get; }

    public bool IsKept { get; set; }

    public void Dispose()
    {
        if (!IsKept)
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
