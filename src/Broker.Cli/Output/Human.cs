using System.Globalization;

namespace Broker.Cli.Output;

/// <summary>Numbers for people. Bytes in powers of ten, as disks and networks are sold.</summary>
internal static class Human
{
    private static readonly string[] ByteUnits = ["B", "kB", "MB", "GB", "TB", "PB"];

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"1 record", "2 records": for nouns that take an s.</summary>
    public static string Count(long count, string noun) => $"{Count(count)} {noun}{(count == 1 ? "" : "s")}";

    /// <summary>"1 batch", "2 batches": for nouns that take more than an s.</summary>
    public static string Count(long count, string one, string many) => $"{Count(count)} {(count == 1 ? one : many)}";

    public static string Bytes(double bytes)
    {
        int unit = 0;
        while (bytes >= 999.5 && unit < ByteUnits.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }

        string format = unit == 0 || bytes >= 99.5 ? "0" : "0.0";
        return bytes.ToString(format, CultureInfo.InvariantCulture) + " " + ByteUnits[unit];
    }

    /// <summary>So many per second, three digits of it meant.</summary>
    public static string PerSecond(long count, TimeSpan elapsed)
    {
        double rate = count / Math.Max(elapsed.TotalSeconds, 0.001);
        double step = Math.Pow(10, Math.Max(0, Math.Floor(Math.Log10(Math.Max(rate, 1))) - 2));
        return Count((long)(Math.Round(rate / step) * step));
    }

    public static string BytesPerSecond(long bytes, TimeSpan elapsed) =>
        Bytes(bytes / Math.Max(elapsed.TotalSeconds, 0.001)) + "/s";

    public static string Duration(TimeSpan duration) => duration switch
    {
        { TotalMilliseconds: < 1 } => $"{duration.TotalMicroseconds:0} µs",
        { TotalSeconds: < 1 } => $"{duration.TotalMilliseconds:0} ms",
        { TotalMinutes: < 1 } => $"{duration.TotalSeconds:0.0} s",
        { TotalHours: < 1 } => $"{duration.Minutes} min {duration.Seconds} s",
        { TotalDays: < 1 } => $"{duration.Hours} h {duration.Minutes} min",
        _ => $"{(int)duration.TotalDays} d {duration.Hours} h",
    };

    /// <summary>A moment as people speak of it: "5 s ago", "in 6 d".</summary>
    public static string Relative(DateTimeOffset moment, DateTimeOffset now)
    {
        TimeSpan distance = (now - moment).Duration();
        string rough = distance switch
        {
            { TotalMinutes: < 1 } => $"{distance.Seconds} s",
            { TotalHours: < 1 } => $"{distance.Minutes} min",
            { TotalDays: < 1 } => $"{distance.Hours} h",
            _ => $"{distance.Days} d",
        };
        return distance < TimeSpan.FromSeconds(1) ? "now" : moment < now ? $"{rough} ago" : $"in {rough}";
    }

    public static string Timestamp(DateTimeOffset moment) => Timestamp(moment.ToUnixTimeMilliseconds());

    /// <summary>A moment in UTC, to the second, or to the millisecond where it has any.</summary>
    public static string Timestamp(long milliseconds)
    {
        if (milliseconds < DateTimeOffset.MinValue.ToUnixTimeMilliseconds()
            || milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            return milliseconds.ToString(CultureInfo.InvariantCulture);
        }

        DateTimeOffset moment = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        string format = moment.Millisecond == 0 ? "yyyy-MM-ddTHH:mm:ss'Z'" : "yyyy-MM-ddTHH:mm:ss.fff'Z'";
        return moment.ToString(format, CultureInfo.InvariantCulture);
    }
}
