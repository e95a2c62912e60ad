namespace Broker.EndToEnd.Faults.Errors;

/// <summary>One kind of call that fails once in a life of the broker.</summary>
/// <param name="Call">The system call.</param>
/// <param name="Error">What it returns, as errno names it.</param>
/// <param name="When">Which call of a thread, from 1.</param>
internal sealed record ErrorPoint(string Call, string Error, int When)
{
    // Each with what a full, bounded, slow or dying disk makes of it. The runtime makes none of these calls on files of its own.
    private static (string Call, string[] Errors, int WhenMax)[] Sites =>
    [
        ("fallocate", ["ENOSPC", "EFBIG", "EIO"], 4),
        ("ftruncate", ["ENOSPC", "EFBIG", "EIO"], 3),
        ("pwrite64", ["ENOSPC", "EFBIG", "EIO"], 60),
        ("pwritev", ["ENOSPC", "EFBIG", "EIO"], 30),
        ("rename", ["ENOSPC", "EIO"], 6),
        ("mkdir", ["ENOSPC", "EIO"], 8),
        ("unlink", ["EIO"], 6),
        ("statfs", ["EIO"], 3),
    ];

    public static IReadOnlyList<ErrorPoint> All { get; } =
    [
        .. from site in Sites
           from error in site.Errors
           from when in Enumerable.Range(1, site.WhenMax)
           select new ErrorPoint(site.Call, error, when),
    ];

    public override string ToString() => $"{Call,-9} {Error,-6} {When,2}";
}
