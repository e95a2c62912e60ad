using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Broker.Records;

/// <summary>Assertions that stay on in release builds. For our own bugs only; bytes from disk or network are input and get a result.</summary>
internal static class Invariant
{
    /// <exception cref="InvariantException">The condition is false.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(
        [DoesNotReturnIf(false)] bool condition,
        [CallerArgumentExpression(nameof(condition))] string expression = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        if (!condition)
        {
            Fail($"{expression} does not hold", file, line);
        }
    }

    /// <exception cref="InvariantException">Always.</exception>
    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Fail(string message, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        throw new InvariantException($"{message} ({Path.GetFileName(file)}:{line})");
}
