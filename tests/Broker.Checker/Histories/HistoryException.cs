namespace Broker.Checker.Histories;

/// <summary>A history that cannot be judged because it is not one.</summary>
/// <param name="line">From 1 on; 0 when it is about none.</param>
internal sealed class HistoryException(long line, string message)
    : Exception(line > 0 ? $"line {line}: {message}" : message);
