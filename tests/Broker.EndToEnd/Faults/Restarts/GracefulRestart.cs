namespace Broker.EndToEnd.Faults.Restarts;

/// <summary>One stop in order and the start after it.</summary>
/// <param name="Acks">From the stop until the load went on.</param>
/// <param name="InFlight">Sends without an answer when the broker was asked to stop.</param>
/// <param name="StopMs">From SIGTERM to the end of the process.</param>
/// <param name="StartMs">From the start of the process until it served.</param>
/// <param name="AckMs">From a send to its ack, the slowest.</param>
/// <param name="AnswerMs">How long another caller waited for an answer, the slowest.</param>
internal sealed record GracefulRestart(int Number, int Acks, int InFlight, double StopMs, double StartMs, double AckMs, double AnswerMs)
{
    public override string ToString() =>
        $"restart {Number,3}: {InFlight,5:N0} in flight, stopped in {StopMs,5:F0} ms, back in {StartMs,5:F0} ms; slowest ack {AckMs,5:F0} ms, slowest answer {AnswerMs,5:F0} ms";
}
