using Broker.Checker.Evidence;

namespace Broker.Checker.Anomalies;

/// <summary>fabricated and corrupt-payload: what is polled was sent, there, before.</summary>
internal static class ForeignRecords
{
    public static void Find(Facts facts, Findings findings)
    {
        foreach (Sighting polled in facts.Sightings.Fabricated)
        {
            findings.Add(
                Anomaly.Fabricated, polled.Key, polled.Offset,
                $"{facts.History.NameOf(polled.Key)} offset {polled.Offset} holds value {polled.Value}, which nobody sent there", polled.Operation);
        }

        foreach (Sighting polled in facts.Sightings.TooEarly)
        {
            findings.Add(
                Anomaly.Fabricated, polled.Key, polled.Offset,
                $"value {polled.Value} was polled from {facts.History.NameOf(polled.Key)} offset {polled.Offset} before it was sent",
                polled.Operation, facts.Writes.All[polled.Write].Operation);
        }

        foreach (Sighting polled in facts.Sightings.Corrupt)
        {
            findings.Add(
                Anomaly.CorruptPayload, polled.Key, polled.Offset,
                $"{facts.History.NameOf(polled.Key)} offset {polled.Offset} holds a payload that nobody sent", polled.Operation);
        }
    }
}
