namespace Broker.Simulation.Schedule;

/// <summary>The process is no more. Thrown by every disk call from the one that was struck on.</summary>
internal sealed class SimulatedCrash() : Exception("The simulated process has crashed.");
