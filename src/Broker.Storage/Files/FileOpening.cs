namespace Broker.Storage.Files;

internal enum FileOpening
{
    /// <summary>The file must exist.</summary>
    Existing,

    /// <summary>The file must not exist.</summary>
    New,

    /// <summary>Either.</summary>
    ExistingOrNew,

    /// <summary>The file must exist; writing fails.</summary>
    ReadOnly,
}
