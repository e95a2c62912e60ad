using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using Broker.Cli.Input;
using Broker.Cli.Output;
using Broker.Client;
using Broker.Records;

namespace Broker.Cli.Produce;

/// <summary>Sends every line of an input as one record and counts what is acknowledged.</summary>
/// <remarks>One caller; the counts may be read, and deliveries reported, from other threads.</remarks>
internal sealed class ProduceJob(string topic, FieldReader fields, RecordHeader[] headers)
{
    private static readonly TimeSpan PatienceAtEnd = TimeSpan.FromSeconds(5);

    private long _acknowledgedCount;
    private long _valueBytes;
    private long _startTimestamp;
    private volatile Durability _durability;
    private volatile BrokerException? _refusal;

    /// <summary>Records that the broker has acknowledged.</summary>
    public long AcknowledgedCount => Volatile.Read(ref _acknowledgedCount);

    public long SentCount { get; private set; }

    public long ValueBytes => Volatile.Read(ref _valueBytes);

    public long BlankLineCount { get; private set; }

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_startTimestamp);

    /// <summary>How far it is, for a progress bar.</summary>
    public string Describe() =>
        $"{Human.Count(AcknowledgedCount)} records, {Human.PerSecond(AcknowledgedCount, Elapsed)}/s";

    public ProduceSummary Summarise() =>
        new(topic, AcknowledgedCount, ValueBytes, BlankLineCount, Elapsed, _durability is Durability.Os ? "os" : "durable");

    /// <summary>To be given to the producer, which calls it from its own loop.</summary>
    public void OnDelivery(DeliveryReport report)
    {
        if (report.Error is null)
        {
            Interlocked.Add(ref _acknowledgedCount, report.RecordCount);
            _durability = report.Durability;
        }
        else
        {
            // The first one is the cause; later ones are often only "a batch before this one was refused".
            _refusal ??= report.Error;
        }
    }

    /// <summary>
    /// Returns when every line is acknowledged. However it ends, what was sent before has been waited for, so that the
    /// counts are final.
    /// </summary>
    public async Task RunAsync(Producer producer, LineReader lines, CancellationToken cancellation)
    {
        _startTimestamp = Stopwatch.GetTimestamp();
        try
        {
            await SendAllAsync(producer, lines, cancellation).ConfigureAwait(false);
            await producer.FlushAsync(cancellation).ConfigureAwait(false);
        }
        catch
        {
            await SettleAsync(producer, cancellation).ConfigureAwait(false);
            throw;
        }

        ThrowIfRefused();
    }

    [DoesNotReturn]
    private static void ThrowRefusal(BrokerException refusal) => ExceptionDispatchInfo.Throw(refusal);

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(" \t\r"u8) < 0;

    /// <summary>Waits for the answers to what was sent, after an interruption only so long as a person would.</summary>
    private static async Task SettleAsync(Producer producer, CancellationToken interrupted)
    {
        using var patience = new CancellationTokenSource();
        using CancellationTokenRegistration registration = interrupted.Register(() => patience.CancelAfter(PatienceAtEnd));
        try
        {
            await producer.FlushAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or BrokerException)
        {
            // What ended the job is reported, not what followed from it; the counts tell the rest.
        }
    }

    private async Task SendAllAsync(Producer producer, LineReader lines, CancellationToken cancellation)
    {
        while (await lines.ReadBlockAsync(cancellation).ConfigureAwait(false))
        {
            while (lines.TryReadLine(out ReadOnlyMemory<byte> line))
            {
                cancellation.ThrowIfCancellationRequested();
                ThrowIfRefused();
                if (IsBlank(line.Span))
                {
                    BlankLineCount++;
                    continue;
                }

                ReadFields(line.Span, lines.LineNumber);
                while (!TrySend(producer, line, lines.LineNumber))
                {
                    await producer.WaitForSpaceAsync(cancellation).ConfigureAwait(false);
                    ThrowIfRefused();
                }

                SentCount++;
                Volatile.Write(ref _valueBytes, _valueBytes + line.Length);
            }
        }
    }

    private void ReadFields(ReadOnlySpan<byte> line, long lineNumber)
    {
        if (fields.ReadsFields && fields.TryRead(line) is { } problem)
        {
            throw new CliException($"line {lineNumber} {problem}");
        }
    }

    private bool TrySend(Producer producer, ReadOnlyMemory<byte> line, long lineNumber)
    {
        try
        {
            return producer.TrySend(topic, fields.Key, line, fields.TimestampMs, headers: headers);
        }
        catch (BrokerException refused) when (refused.Reason == ErrorReasons.MessageTooLarge)
        {
            throw new CliException($"line {lineNumber}: {refused.Message}");
        }
    }

    private void ThrowIfRefused()
    {
        if (_refusal is { } refusal)
        {
            ThrowRefusal(refusal);
        }
    }
}
