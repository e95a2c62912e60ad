using Broker.Engine;
using Broker.Server.Streams;

namespace Broker.Server.Hosting;

/// <summary>What surrounds a broker that runs within another program.</summary>
internal sealed record BrokerHostOptions
{
    /// <summary>Where log events go; nowhere by default. May be called from any thread.</summary>
    public TextWriter Log { get; init; } = TextWriter.Null;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What the engine meets in place of this machine's disk, threads and <see cref="Time"/>.</summary>
    internal EngineEnvironment? Environment { get; init; }

    /// <summary>What batches go into and come from. The load generator measures the network alone with another one.</summary>
    internal Func<BrokerEngine, IBatchLog> BatchLog { get; init; } = static engine => new EngineLog(engine);

    /// <summary>
    /// Ends the process with this exit code, without returning: called when the journal has failed and the broker has not stopped soon
    /// after, on a thread of its own, which needs none of what may be busy. Null leaves that to the caller.
    /// </summary>
    public Action<int>? EndNow { get; init; }

    /// <summary>The platform is asked before anything of the broker is touched: its native libraries are not there.</summary>
    public bool IsWindows { get; init; } = OperatingSystem.IsWindows();
}
