namespace Broker.Storage.Files;

/// <summary>As whom this process may read and write files.</summary>
internal static class ProcessUser
{
    /// <summary>The user's number, which in a container is all there is to go by.</summary>
    public static uint Id => Libc.GetEffectiveUserId();
}
