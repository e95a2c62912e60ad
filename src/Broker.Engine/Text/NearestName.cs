namespace Broker.Engine.Text;

/// <summary>What was most likely meant by a name that is not known.</summary>
internal static class NearestName
{
    /// <param name="distanceMax">How many letters may be missing, added or changed; never all of the unknown name's.</param>
    /// <returns>The known name that the fewest letters tell from the unknown one; null when none is near.</returns>
    public static string? Find(string unknown, IEnumerable<string> known, int distanceMax = 2)
    {
        (string? best, int limit) = (null, Math.Min(distanceMax, unknown.Length - 1));
        foreach (string name in known)
        {
            if (limit >= 0 && DistanceWithin(limit, unknown, name) is { } distance)
            {
                (best, limit) = (name, distance - 1);
            }
        }

        return best;
    }

    /// <summary>Levenshtein distance, one row at a time; null as soon as it must be more than the limit.</summary>
    private static int? DistanceWithin(int limit, string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > limit)
        {
            return null;
        }

        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            int least = row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
                least = Math.Min(least, row[j]);
            }

            if (least > limit)
            {
                return null;
            }
        }

        return row[^1] <= limit ? row[^1] : null;
    }
}
