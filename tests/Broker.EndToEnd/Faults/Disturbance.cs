namespace Broker.EndToEnd.Faults;

/// <summary>What is done in the middle of a life of the broker.</summary>
/// <param name="AtAcks">After so many acks of that life.</param>
/// <param name="Length">How long the pause lasts, or answers are held back before the reset; 0: they are not.</param>
internal sealed record Disturbance(DisturbanceKind Kind, int AtAcks, TimeSpan Length);
