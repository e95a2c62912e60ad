namespace OrderApi;

/// <summary>Where the order is in the log; the caller has it when it is on disk.</summary>
internal sealed record Receipt(int Partition, long Offset);
