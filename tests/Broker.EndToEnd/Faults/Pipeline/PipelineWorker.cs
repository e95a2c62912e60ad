using System.Diagnostics;
using Broker.Client;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>One worker, in a process of its own that can be killed and started again under the same name.</summary>
internal sealed class PipelineWorker : IAsyncDisposable
{
    private readonly ProcessStartInfo _start;
    private readonly ProcessOutput _output = new();
    private readonly EventHandler _onExit;
    private Process _process;

    // Where it notes what it handles.
    private readonly string _handled;

    /// <summary>Starts it.</summary>
    /// <param name="handled">A file of its own.</param>
    public PipelineWorker(string server, DeliveryMode delivery, string name, string handled, IReadOnlyList<int> partitions)
    {
        (Name, _handled, Partitions) = (name, handled, partitions);
        _start = BrokerCommandLine.StartInfoOf(typeof(PipelineWorker).Assembly.Location, PipelineCommand.Arguments(server, delivery, name, handled, partitions));
        _process = Launch();

        // An interrupted run leaves no worker behind.
        _onExit = (_, _) => _process.Kill();
        AppDomain.CurrentDomain.ProcessExit += _onExit;
    }

    public string Name { get; }

    /// <summary>Of the flights.</summary>
    public IReadOnlyList<int> Partitions { get; }

    /// <summary>Nobody ended it.</summary>
    public bool HasFailed => _process.HasExited;

    public string Output => _output.Text;

    /// <summary>The offset behind what it has begun to handle of a partition since it was started; 0 for nothing.</summary>
    public long Handled(int partition) => BitConverter.ToInt64(File.ReadAllBytes(_handled), partition * sizeof(long));

    /// <summary>SIGSTOP; returns when it stands still.</summary>
    public Task PauseAsync() => Signals.PauseAsync(_process.Id);

    /// <summary>SIGCONT.</summary>
    public void Resume() => Signals.Send(_process.Id, Signals.Continue);

    /// <summary>SIGKILL, and another one in its place.</summary>
    public async Task ReplaceAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = Launch();
    }

    /// <summary>SIGTERM. Returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        Signals.Send(_process.Id, Signals.Terminate);
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        AppDomain.CurrentDomain.ProcessExit -= _onExit;
        _process.Dispose();
    }

    private Process Launch()
    {
        File.WriteAllBytes(_handled, new byte[PipelineNames.Partitions * sizeof(long)]);
        Process process = Process.Start(_start) ?? throw new InvalidOperationException($"{Name} did not start.");
        _output.Follow(process);
        return process;
    }
}
