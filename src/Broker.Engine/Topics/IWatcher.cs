namespace Broker.Engine.Topics;

/// <summary>Wants to know when a partition has something new to read, or is gone.</summary>
internal interface IWatcher
{
    /// <summary>Called on the journal's thread: set a flag, wake somebody, return.</summary>
    void OnPartitionChanged();
}
