namespace Broker.Server.Hosting;

/// <summary>The broker cannot start. The message is one line for a person.</summary>
internal sealed class BrokerStartException : Exception
{
    public BrokerStartException(string message)
        : base(message)
    {
    }

    public BrokerStartException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
