namespace Broker.MainJob.ExactlyOnce;

/// <summary>Rounds of two ways in turns: what matters is the ratio within a pair, which a slow minute of the machine does not change.</summary>
internal sealed class Pairs
{
    // Of the t-distribution, two-sided, 95 %, for 14 degrees of freedom; a little more for fewer pairs.
    private const double T95 = 2.145;

    private readonly List<double> _ratios = [];

    /// <param name="with">Gives a rate.</param>
    /// <param name="without">Gives the rate to compare with.</param>
    /// <param name="unit">Of both.</param>
    public static async Task<Pairs> RunAsync(int count, string unit, Func<Task<double>> with, Func<Task<double>> without)
    {
        var pairs = new Pairs();

        // Not counted: processes are compiled, files written for the first time.
        await without();
        await with();
        for (int pair = 1; pair <= count; pair++)
        {
            bool isWithFirst = pair % 2 == 0;
            double first = isWithFirst ? await with() : await without();
            double second = isWithFirst ? await without() : await with();
            (double a, double b) = isWithFirst ? (first, second) : (second, first);
            pairs._ratios.Add(a / b);
            Console.WriteLine($"pair {pair,2}: {a,12:N2} with, {b,12:N2} without {unit}, ratio {a / b:F3}");
        }

        return pairs;
    }

    public override string ToString()
    {
        double[] sorted = [.. _ratios.Order()];
        double mean = _ratios.Average();
        double deviation = Math.Sqrt(_ratios.Sum(ratio => (ratio - mean) * (ratio - mean)) / Math.Max(1, _ratios.Count - 1));
        double half = T95 * deviation / Math.Sqrt(_ratios.Count);
        return $"{_ratios.Count} pairs: ratio {sorted[sorted.Length / 2]:F3} in the median, {mean:F3} in the mean, {mean - half:F3} to {mean + half:F3} with 95 %";
    }
}
