namespace Broker.Storage.Segments;

/// <summary>
/// The segments' files that are open. A process may have so many at once; when that is reached, the one not used for the
/// longest time is closed. One that was written to and not synced stays open, because the next descriptor need not be told
/// that writing back has failed: when there is no other, it is synced before.
/// </summary>
/// <param name="countMax">Readers may go beyond it, each by one file.</param>
internal sealed class OpenSegmentFiles(int countMax)
{
    // What the runtime and the broker have open besides: assemblies, pipes, the journal, the state store.
    private const int OtherFiles = 256;
    private const int CountMin = 2;

    // Each costs about a kilobyte in the kernel, and keeping more of them open gains nothing.
    private const int CountLimit = 16_384;

    private readonly Lock _gate = new();
    private readonly LinkedList<SegmentFile> _files = new();

    private Action? _syncedToClose;

    /// <summary>Called once, when a file is synced only to be closed: more segments are written than may be open.</summary>
    public Action? SyncedToClose
    {
        set => _syncedToClose = value;
    }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _files.Count;
            }
        }
    }

    /// <summary>How many segments may be open in a process; the rest of its files are connections.</summary>
    public static int CountFor(int filesMax) => (int)Math.Clamp((filesMax - OtherFiles) * 3L / 4, CountMin, CountLimit);

    /// <summary>Makes room for one more, if any may be closed.</summary>
    /// <param name="maySync">True on the journal's thread, which alone writes.</param>
    /// <exception cref="StorageException">A sync failed; final.</exception>
    public void MakeRoom(bool maySync)
    {
        if (TryMakeRoom() || !maySync || OldestWritten() is not { } file)
        {
            return;
        }

        Interlocked.Exchange(ref _syncedToClose, null)?.Invoke();
        file.SyncToClose();
        TryMakeRoom();
    }

    /// <summary>Takes in a file that was opened.</summary>
    public LinkedListNode<SegmentFile> Add(SegmentFile file)
    {
        lock (_gate)
        {
            return _files.AddLast(file);
        }
    }

    /// <summary>A file was closed for good.</summary>
    public void Remove(LinkedListNode<SegmentFile> node)
    {
        lock (_gate)
        {
            if (node.List is not null)
            {
                _files.Remove(node);
            }
        }
    }

    /// <returns>False when as many are open as may be.</returns>
    private bool TryMakeRoom()
    {
        lock (_gate)
        {
            // Each is looked at twice at most: one that was used gets a second chance.
            for (int looks = 2 * _files.Count; _files.Count >= countMax && looks > 0; looks--)
            {
                LinkedListNode<SegmentFile> node = _files.First!;
                _files.RemoveFirst();
                if (node.Value.TakeUse() || !node.Value.TryClose())
                {
                    _files.AddLast(node);
                }
            }

            return _files.Count < countMax;
        }
    }

    private SegmentFile? OldestWritten()
    {
        lock (_gate)
        {
            return _files.FirstOrDefault(f => f.IsClosableOnceSynced);
        }
    }
}
