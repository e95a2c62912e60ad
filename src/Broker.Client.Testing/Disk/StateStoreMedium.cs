using Broker.Engine.State;

namespace Broker.Client.Testing.Disk;

/// <summary>What a state store keeps over the lives of the process. Each flush is there or not, as a whole.</summary>
internal sealed class StateStoreMedium
{
    private StateChanges? _before;

    public StateChanges? Content { get; private set; }

    public bool IsUnreadable { get; private set; }

    public StateStoreMedium Copy() => new() { _before = _before, Content = Content, IsUnreadable = IsUnreadable };

    public void Flush(StateChanges? content)
    {
        _before = Content;
        Content = content;
        IsUnreadable = false;
    }

    /// <summary>A power cut at its worst: the last flush may be lost, and now and then all of it, or it cannot be read.</summary>
    public void CutPower(Chance chance)
    {
        switch (chance.Below(20))
        {
            case 0:
                Content = null;
                break;
            case 1:
                IsUnreadable = true;
                break;
            case < 8:
                Content = _before;
                break;
            default:
                break;
        }

        _before = Content;
    }
}
