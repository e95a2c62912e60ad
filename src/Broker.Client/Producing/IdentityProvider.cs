using Broker.Client.Diagnostics;
using Broker.Client.Transport;
using Broker.Protocol.V1;

namespace Broker.Client.Producing;

/// <summary>Gets the producer's identity from the broker, and another one when it is found unusable.</summary>
/// <remarks>Thread-safe; one call to the broker at a time.</remarks>
internal sealed class IdentityProvider(ClientContext context, string? name) : IDisposable
{
    private readonly ProduceService.ProduceServiceClient _produce = new(context.Connection.Invoker);
    private readonly SemaphoreSlim _calling = new(1);
    private ProducerIdentity? _current;

    /// <summary>The newest identity; null before the first was given.</summary>
    public ProducerIdentity? Current => Volatile.Read(ref _current);

    /// <param name="unusable">The identity that the broker does not take any more; null to be content with any.</param>
    /// <exception cref="FatalException">The name was taken over by another instance.</exception>
    public ValueTask<ProducerIdentity> GetAsync(ProducerIdentity? unusable, CancellationToken cancellationToken) =>
        GetAsync(unusable, (request, cancellation) => context.CallAsync(_produce.InitProducerAsync, request, cancellation), cancellationToken);

    /// <summary>Any identity, for somebody who waits for a broker that is away. Before there is one, asking again takes nothing from anybody.</summary>
    /// <inheritdoc cref="GetAsync(ProducerIdentity?, CancellationToken)"/>
    public ValueTask<ProducerIdentity> OpenAsync(CancellationToken cancellationToken) => GetAsync(
        unusable: null,
        (request, cancellation) => context.CallWhenThereAsync(_produce.InitProducerAsync, request, isRepeatable: true, cancellation),
        cancellationToken);

    public void Dispose() => _calling.Dispose();

    private async ValueTask<ProducerIdentity> GetAsync(
        ProducerIdentity? unusable, Func<InitProducerRequest, CancellationToken, Task<InitProducerResponse>> init, CancellationToken cancellationToken)
    {
        ProducerIdentity? current = Volatile.Read(ref _current);
        if (current is not null && current != unusable)
        {
            return current;
        }

        await _calling.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_current is null || _current == unusable)
            {
                var request = new InitProducerRequest { ClientId = context.Options.ClientId, Name = name ?? "" };
                if (name is not null && _current is { } mine)
                {
                    request.CurrentProducerId = mine.Id;
                    request.CurrentEpoch = (uint)mine.Epoch;
                }

                InitProducerResponse response = await init(request, cancellationToken).ConfigureAwait(false);
                context.NoteIncarnation(response.Incarnation);
                Volatile.Write(
                    ref _current,
                    new ProducerIdentity(
                        response.ProducerId,
                        (int)response.ProducerEpoch,
                        name is null ? null : [.. response.Positions.Select(AdminModels.ToPosition)]));
                Log.ProducerStarted(context.Logger, response.ProducerId, (int)response.ProducerEpoch);
            }

            return _current;
        }
        finally
        {
            _calling.Release();
        }
    }
}
