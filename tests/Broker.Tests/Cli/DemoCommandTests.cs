namespace Broker.Tests.Cli;

public sealed class DemoCommandTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("broker-demo-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task It_shows_the_flights_and_leaves_a_sound_directory_behind()
    {
        CliSession demo = await new CliSession().SucceedAsync("demo", "--data-dir", _directory, "--exit");
        Assert.Contains("Produced 20,000 US flights", demo.Output, StringComparison.Ordinal);
        Assert.Contains("Consumed 20,000 back", demo.Output, StringComparison.Ordinal);
        Assert.Contains("DFW", demo.Output, StringComparison.Ordinal);
        Assert.Contains($"The data is in {_directory}.", demo.Output, StringComparison.Ordinal);
        Assert.Contains("20,000 records", (await new CliSession().SucceedAsync("log", "verify", _directory)).Output, StringComparison.Ordinal);

        await new CliSession().FailAsync(1, ["demo", "--data-dir", _directory, "--exit"], $"{_directory} is not empty", "broker serve --data_dir=");
    }

    [Fact]
    public async Task It_stays_up_until_it_is_interrupted_and_removes_its_own_directory()
    {
        using var interruption = new CancellationTokenSource();
        using var output = new EndStream();
        var demo = new CliSession { Interrupted = interruption.Token, Out = output };
        Task<CliSession> running = demo.RunAsync("demo");
        await Task.WhenAny(output.StaysUp, running).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.False(running.IsCompleted, demo.Error);
        await interruption.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, demo.ExitCode);
        string directory = demo.Lines.First(line => line.StartsWith("The data is in ", StringComparison.Ordinal))["The data is in ".Length..].Split(',')[0];
        Assert.False(Directory.Exists(directory), directory);
    }

    private sealed class EndStream : MemoryStream
    {
        private readonly TaskCompletionSource _staysUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task StaysUp => _staysUp.Task;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            base.Write(buffer);
            if (buffer.IndexOf("stays up"u8) >= 0)
            {
                _staysUp.TrySetResult();
            }
        }
    }
}
