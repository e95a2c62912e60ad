using System.Globalization;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>What tells a transaction from all others.</summary>
internal readonly record struct TransactionId(long ProducerId, int Epoch, long Number)
{
    public static TransactionId Parse(string text)
    {
        string[] parts = text.Split(':');
        return new TransactionId(
            long.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture),
            long.Parse(parts[2], CultureInfo.InvariantCulture));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{ProducerId}:{Epoch}:{Number}");
}
