namespace Broker.Checker.Graph;

/// <summary>One operation of a cycle, and why it comes before the next one.</summary>
internal readonly record struct CycleStep(int Operation, Dependency Dependency, int Key);
