namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>What the output of a pipeline says of its input.</summary>
/// <param name="Misfed">Flights that are not in the input once: then nothing else means anything.</param>
/// <param name="Lost">Flights that count nowhere.</param>
/// <param name="Repeated">How often flights count beyond the first time.</param>
/// <param name="WrongRoutes">A line for each route whose total differs from the file's.</param>
internal sealed record PipelineVerdict(int Routes, int Misfed, int Lost, int Repeated, IReadOnlyList<string> WrongRoutes);
