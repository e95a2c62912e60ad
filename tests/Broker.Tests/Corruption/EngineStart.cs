using Broker.Engine;
using Broker.Engine.Inspection;
using Broker.Storage;

namespace Broker.Tests.Corruption;

/// <summary>The whole way: a copy of the directory is damaged, it is verified, the real engine starts on it, and everything is consumed.</summary>
internal static class EngineStart
{
    public static void Try(SampleDirectory sample, Tally tally, Outcome expected, string what, Action<string> damage)
    {
        string copy = sample.NewCopy();
        try
        {
            damage(copy);
            SortedDictionary<string, string> before = SampleDirectory.Hashes(copy);
            SortedDictionary<string, string> kept = sample.HashesBelowCheckpoint(copy);
            string? verdict = Verify(copy);
            bool isUntouched = before.SequenceEqual(SampleDirectory.Hashes(copy));
            Outcome outcome = Judge(sample, copy, before, out string details);
            if (!Expectations.IsForbidden(outcome) && (!isUntouched || (verdict is null) != (outcome == Outcome.Same)))
            {
                details = $"{outcome}, and log verify said: {verdict ?? "sound"}; it changed {(isUntouched ? "nothing" : "files")}. {details}";
                outcome = Outcome.WrongVerdict;
            }

            SortedDictionary<string, string> after = sample.HashesBelowCheckpoint(copy);
            if (outcome != Outcome.FilesChanged && !kept.SequenceEqual(after))
            {
                outcome = Outcome.FilesChanged;
                details = "changed below the checkpoint: " + string.Join(", ", kept.Except(after).Concat(after.Except(kept)).Select(f => f.Key).Distinct());
            }

            tally.Count(outcome, expected, () => $"{what}: {details}");
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    /// <returns>What it found; null for nothing.</returns>
    private static string? Verify(string copy)
    {
        try
        {
            using DataDirectory directory = DataDirectory.Open(copy);
            return directory.Verify(progress: null).Problems is [Problem first, ..] ? first.Description : null;
        }
        catch (StorageException e)
        {
            return e.Message;
        }
    }

    private static Outcome Judge(SampleDirectory sample, string copy, SortedDictionary<string, string> before, out string details)
    {
        try
        {
            BrokerEngine engine = BrokerEngine.Open(SampleDirectory.Options(copy), TimeProvider.System);
            Outcome outcome = sample.Content.Judge(engine, out details);
            engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return outcome;
        }
        catch (StorageException e)
        {
            details = e.Message;
            SortedDictionary<string, string> after = SampleDirectory.Hashes(copy);
            string[] changed = [.. before.Except(after).Concat(after.Except(before)).Select(f => f.Key).Distinct()];
            details += changed.Length > 0 ? " Changed: " + string.Join(", ", changed) : "";
            return changed.Length == 0 ? Outcome.Refused
                : changed.All(file => IsMended(Path.Combine(sample.Pristine, file), Path.Combine(copy, file))) ? Outcome.RefusedAfterMending
                : Outcome.FilesChanged;
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            details = e.ToString();
            return Outcome.WrongException;
        }
    }

    /// <summary>A segment, now again as it was before the damage.</summary>
    private static bool IsMended(string pristine, string file) =>
        Path.GetExtension(file) == ".log" && File.Exists(file) && File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(pristine));
}
