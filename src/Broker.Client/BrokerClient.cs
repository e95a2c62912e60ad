using Broker.Client.Transport;

namespace Broker.Client;

/// <summary>A broker, seen from an application: topics, producers and consumers.</summary>
/// <remarks>
/// Thread-safe. Make one and keep it; it connects on first use. Dispose its producers and consumers before it.
/// </remarks>
public sealed class BrokerClient : IAsyncDisposable
{
    private readonly ClientContext _context;

    public BrokerClient(BrokerClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _context = new ClientContext(options);
        Admin = new AdminClient(_context);
        Groups = new GroupClient(_context);
    }

    /// <param name="server">host:port, or a URL: "127.0.0.1:9095".</param>
    public BrokerClient(string server)
        : this(new BrokerClientOptions { Server = server })
    {
    }

    public AdminClient Admin { get; }

    public GroupClient Groups { get; }

    public Producer CreateProducer(ProducerOptions? options = null) => new(_context, options ?? new ProducerOptions());

    /// <summary>A producer that sends in transactions.</summary>
    /// <param name="options">With a name.</param>
    public TransactionalProducer CreateTransactionalProducer(ProducerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new TransactionalProducer(_context, options);
    }

    /// <summary>A producer that sends in transactions, with the default options.</summary>
    /// <param name="name">A new instance of the same name stops the one before.</param>
    public TransactionalProducer CreateTransactionalProducer(string name) => CreateTransactionalProducer(new ProducerOptions { Name = name });

    /// <summary>Reads, handles, sends and remembers how far it has come, exactly once if so chosen.</summary>
    public Processor CreateProcessor(ProcessorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new Processor(_context, Groups, options);
    }

    public Consumer CreateConsumer(ConsumerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new Consumer(_context, options);
    }

    /// <summary>Reads every partition of a topic from one place on, with the default options.</summary>
    /// <param name="from">Without it from the oldest record that is still kept.</param>
    public Consumer CreateConsumer(string topic, StartAt from = default) => CreateConsumer(new ConsumerOptions { Topic = topic, From = from });

    public ValueTask DisposeAsync()
    {
        _context.Dispose();
        return ValueTask.CompletedTask;
    }
}
