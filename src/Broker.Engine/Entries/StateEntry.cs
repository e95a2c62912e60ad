using Broker.Storage.Journal;

namespace Broker.Engine.Entries;

/// <summary>Any rare entry: its body is bytes, carried out by the same code that replays it.</summary>
internal sealed class StateEntry(EngineState state, EntryKind kind, byte[] body, object? subject) : JournalEntry
{
    private bool _applied;
    private bool _appliedAhead;

    public override byte Kind => (byte)kind;

    public override ReadOnlyMemory<byte> Head => body;

    public override void Apply()
    {
        if (!_applied)
        {
            state.ApplyState(kind, body, subject);
            _applied = true;
        }
    }

    public override void ApplyAhead()
    {
        if (!_appliedAhead && !_applied)
        {
            state.ApplyState(kind, body, subject, isAhead: true);
            _appliedAhead = true;

            // What a log start leaves for the records before it goes in its turn.
            _applied = kind != EntryKind.LogStartAdvanced;
        }
    }
}
