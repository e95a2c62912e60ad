namespace Broker.EndToEnd.Faults.FullDisk;

/// <summary>How there is space again.</summary>
internal enum Relief
{
    /// <summary>The other program gives it back.</summary>
    Foreign,

    /// <summary>A topic is told to keep less.</summary>
    Retention,

    /// <summary>A topic is trimmed.</summary>
    Trim,

    /// <summary>A topic is deleted.</summary>
    Deletion,
}
